import { Reader, Writer } from '../../core/bytes.js';
import { attempt, DecodeError } from '../../core/errors.js';
import { decodeExtensions, type Extensions, encodeExtensions } from '../extensions.js';
import { dtls12 } from '../record.js';

/** ServerHello of DTLS 1.2 without compression, the only kind there is here. */
export interface ServerHello {
  readonly random: Buffer;
  readonly sessionId: Buffer;
  readonly suite: number;
  readonly extensions: Extensions;
}

/** The body of a ServerHello. */
export function encodeServerHello(hello: ServerHello): Buffer {
  const writer = new Writer(128).u16(dtls12).bytes(hello.random);
  writer.u8(hello.sessionId.length).bytes(hello.sessionId).u16(hello.suite).u8(0);
  encodeExtensions(writer, hello.extensions);
  return writer.finish();
}

/** Reads the body of a ServerHello. */
export function decodeServerHello(body: Buffer): ServerHello | DecodeError {
  return attempt(() => {
    const reader = new Reader(body);
    if (reader.u16() !== dtls12) throw new DecodeError('not DTLS 1.2');
    const random = reader.bytes(32);
    const sessionId = reader.bytes(reader.u8());
    const suite = reader.u16();
    if (reader.u8() !== 0) throw new DecodeError('compression', reader.offset);
    return { random, sessionId, suite, extensions: decodeExtensions(reader) };
  });
}
