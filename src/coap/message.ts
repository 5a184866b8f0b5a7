import { attempt, DecodeError } from '../core/errors.js';
import { checkHeader, type OptionVisitor, readOptions } from './frame.js';
import { Options, takeOption } from './options.js';
import type { Method, ResponseCode } from './types.js';

/** What a message asks of the message layer [RFC 7252 4]. */
export type MessageType = 'CON' | 'NON' | 'ACK' | 'RST';

/** Only a message id: an acknowledgement, a rejection, or (as CON) a ping. */
export interface EmptyMessage {
  readonly kind: 'empty';
  readonly type: 'CON' | 'ACK' | 'RST';
  readonly mid: number;
}

export interface RequestMessage {
  readonly kind: 'request';
  readonly type: 'CON' | 'NON';
  readonly mid: number;
  readonly token: Buffer;
  /** Absent when the code is of the request class but no method known here. */
  readonly method: Method | undefined;
  readonly options: Options;
  readonly payload: Buffer;
}

export interface ResponseMessage {
  readonly kind: 'response';
  readonly type: 'CON' | 'NON' | 'ACK';
  readonly mid: number;
  readonly token: Buffer;
  readonly code: ResponseCode;
  readonly options: Options;
  readonly payload: Buffer;
}

/** One CoAP message. Payload, token and opaque options are views of the datagram it came in. */
export type Message = EmptyMessage | RequestMessage | ResponseMessage;

const nothing = Buffer.alloc(0);
const methods: readonly (Method | undefined)[] = [
  undefined,
  'GET',
  'POST',
  'PUT',
  'DELETE',
  'FETCH',
  'PATCH',
  'iPATCH',
];
const types = ['CON', 'NON', 'ACK', 'RST'] as const;

/** Reads a datagram as a message. What breaks the message format [RFC 7252 3, 4.2, 4.3] comes back as a DecodeError. */
export function decodeMessage(datagram: Buffer): Message | DecodeError {
  return attempt(() => read(datagram));
}

function read(datagram: Buffer): Message {
  const tokenEnd = checkHeader(datagram);
  const type = types[((datagram[0] as number) >> 4) & 3] as MessageType;
  const code = datagram[1] as number;
  const mid = datagram.readUInt16BE(2);
  if (code === 0) {
    if (type === 'NON') throw new DecodeError('a non-confirmable message must not be empty', 1);
    return { kind: 'empty', type, mid };
  }
  if (type === 'RST') throw new DecodeError('a reset must be empty', 1);
  const options = new Options();
  const visit: OptionVisitor = (number, bytes, from, to) => takeOption(options, number, bytes, from, to);
  const payloadAt = readOptions(datagram, tokenEnd, visit);
  const token = datagram.subarray(4, tokenEnd);
  const payload = payloadAt === datagram.length ? nothing : datagram.subarray(payloadAt);
  switch (code >> 5) {
    case 0:
      if (type === 'ACK') throw new DecodeError('an acknowledgement must not carry a request', 1);
      return { kind: 'request', type, mid, token, method: methods[code], options, payload };
    case 2:
    case 4:
    case 5:
      return { kind: 'response', type, mid, token, code: codeTexts[code] as ResponseCode, options, payload };
    default:
      throw new DecodeError('code of a reserved class', 1);
  }
}

const codeTexts = Array.from(
  { length: 256 },
  (_, code) => `${code >> 5}.${String(code & 31).padStart(2, '0')}` as ResponseCode,
);

/** The message id of a confirmable message whose header can be read, though perhaps nothing else of it. */
export function confirmableMid(datagram: Buffer): number | undefined {
  return datagram.length >= 4 && (datagram[0] as number) >> 4 === 0b0100 ? datagram.readUInt16BE(2) : undefined;
}
