import { Reader } from '../core/bytes.js';
import { attempt, DecodeError } from '../core/errors.js';

/** Handshake message types [RFC 5246 7.4] [RFC 6347 4.3.2]. */
export const handshakeTypes = {
  helloRequest: 0,
  clientHello: 1,
  serverHello: 2,
  helloVerifyRequest: 3,
  certificate: 11,
  serverKeyExchange: 12,
  certificateRequest: 13,
  serverHelloDone: 14,
  certificateVerify: 15,
  clientKeyExchange: 16,
  finished: 20,
} as const;

/** Bytes of the header before a fragment's body. */
export const handshakeHeaderLength = 12;

/** A piece of a handshake message; the whole of it when offset is 0 and the body as long as `length`. */
export interface Fragment {
  readonly type: number;
  /** Length of the whole message. */
  readonly length: number;
  readonly messageSeq: number;
  readonly offset: number;
  readonly body: Buffer;
}

/** The fragments in a record. What does not fit its own lengths ends the list. */
export function decodeFragments(content: Buffer): Fragment[] {
  const fragments: Fragment[] = [];
  const reader = new Reader(content);
  while (reader.remaining > 0) {
    const fragment = attempt(() => decodeFragment(reader));
    if (fragment instanceof DecodeError) break;
    fragments.push(fragment);
  }
  return fragments;
}

function decodeFragment(reader: Reader): Fragment {
  const type = reader.u8();
  const length = reader.u24();
  const messageSeq = reader.u16();
  const offset = reader.u24();
  const size = reader.u24();
  if (offset + size > length) throw new DecodeError('fragment beyond its message', reader.offset);
  if (size === 0 && length !== 0) throw new DecodeError('empty fragment of a message that is not', reader.offset);
  return { type, length, messageSeq, offset, body: reader.bytes(size) };
}

/** A whole message behind its header, as the transcript takes it. */
export function encodeMessage(type: number, messageSeq: number, body: Uint8Array): Buffer {
  const message = Buffer.allocUnsafe(handshakeHeaderLength + body.length);
  writeHandshakeHeader(message, type, body.length, messageSeq, 0, body.length);
  message.set(body, handshakeHeaderLength);
  return message;
}

/** A piece of a whole message, `size` bytes of its body from `offset`, behind a header of its own. */
export function encodeFragment(message: Buffer, offset: number, size: number): Buffer {
  const fragment = Buffer.allocUnsafe(handshakeHeaderLength + size);
  const length = message.length - handshakeHeaderLength;
  writeHandshakeHeader(fragment, message[0] as number, length, message.readUInt16BE(4), offset, size);
  message.copy(fragment, handshakeHeaderLength, handshakeHeaderLength + offset, handshakeHeaderLength + offset + size);
  return fragment;
}

function writeHandshakeHeader(
  into: Buffer,
  type: number,
  length: number,
  messageSeq: number,
  offset: number,
  size: number,
): void {
  into[0] = type;
  into.writeUIntBE(length, 1, 3);
  into.writeUInt16BE(messageSeq, 4);
  into.writeUIntBE(offset, 6, 3);
  into.writeUIntBE(size, 9, 3);
}
