import { encodeMessage } from '#src/coap/encode.js';
import { decodeMessage, type Message, type RequestMessage, type ResponseMessage } from '#src/coap/message.js';
import { Options } from '#src/coap/options.js';
import type { Method, ResponseCode } from '#src/coap/types.js';
import { DecodeError } from '#src/core/errors.js';

const empty = Buffer.alloc(0);

/** A text or hex token and payload are easier to read than buffers. */
interface Parts {
  readonly type?: 'CON' | 'NON' | 'ACK';
  readonly mid?: number;
  /** Hex. */
  readonly token?: string;
  readonly payload?: Buffer | string;
  readonly options?: Partial<Options>;
}

export function options(values: Partial<Options> = {}): Options {
  return Object.assign(new Options(), values);
}

/** A request message, confirmable, with message id 1 and token a1 unless told otherwise. */
export function request(method: Method, path: string, parts: Parts = {}): RequestMessage {
  const [way = '', query] = path.split('?');
  const type = parts.type === 'NON' ? 'NON' : 'CON';
  const address = options({
    path: way.split('/').filter((segment) => segment !== ''),
    query: query === undefined ? [] : query.split('&'),
    ...parts.options,
  });
  return { kind: 'request', type, method, ...common(parts), options: address };
}

/** A response message, piggybacked unless told otherwise. */
export function response(code: ResponseCode, parts: Parts = {}): ResponseMessage {
  return { kind: 'response', type: parts.type ?? 'ACK', code, ...common(parts), options: options(parts.options) };
}

function common(parts: Parts) {
  const { payload = empty } = parts;
  return {
    mid: parts.mid ?? 1,
    token: Buffer.from(parts.token ?? 'a1', 'hex'),
    payload: typeof payload === 'string' ? Buffer.from(payload) : payload,
  };
}

/** A message as a datagram. */
export function wire(message: Message): Buffer {
  return encodeMessage(message);
}

/** A datagram, or its hex, as a message. */
export function read(datagram: Buffer | string): Message {
  const message = decodeMessage(typeof datagram === 'string' ? Buffer.from(datagram, 'hex') : datagram);
  if (message instanceof DecodeError) throw message;
  return message;
}

/** The same, of a request. */
export function readRequest(datagram: Buffer | string | undefined): RequestMessage {
  const message = read(datagram ?? '');
  if (message.kind !== 'request') throw new Error(`a ${message.kind} message where a request was expected`);
  return message;
}

/** The same, of a response. */
export function readResponse(datagram: Buffer | string | undefined): ResponseMessage {
  const message = read(datagram ?? '');
  if (message.kind !== 'response') throw new Error(`a ${message.kind} message where a response was expected`);
  return message;
}

/** An empty message as hex. */
export function empties(type: 'CON' | 'ACK' | 'RST', mid: number): string {
  return encodeMessage({ kind: 'empty', type, mid }).toString('hex');
}
