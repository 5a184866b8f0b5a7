import { Reader, Writer } from '../../core/bytes.js';
import { attempt, DecodeError } from '../../core/errors.js';
import { decodeExtensions, type Extensions, encodeExtensions, rest16 } from '../extensions.js';

/** EMPTY_RENEGOTIATION_INFO_SCSV, a suite number that says "secure renegotiation understood" [RFC 5746 3.3]. */
export const renegotiationScsv = 0x00ff;

/** ClientHello. Its buffers are views of what was decoded. */
export interface ClientHello {
  readonly version: number;
  /** 32 bytes. */
  readonly random: Buffer;
  readonly sessionId: Buffer;
  readonly cookie: Buffer;
  readonly suites: readonly number[];
  readonly compressions: Buffer;
  readonly extensions: Extensions;
}

/** Reads the body of a ClientHello; a value, never a throw, when it is malformed. */
export function decodeClientHello(body: Buffer): ClientHello | DecodeError {
  return attempt(() => {
    const reader = new Reader(body);
    const version = reader.u16();
    const random = reader.bytes(32);
    const sessionId = reader.bytes(reader.u8());
    if (sessionId.length > 32) throw new DecodeError('session id too long', reader.offset);
    const cookie = reader.bytes(reader.u8());
    const suiteBytes = reader.u16();
    if (suiteBytes < 2 || suiteBytes % 2 !== 0) throw new DecodeError('bad length of the suites', reader.offset);
    const suites = rest16(new Reader(reader.bytes(suiteBytes)));
    const compressions = reader.bytes(reader.u8());
    if (!compressions.includes(0)) throw new DecodeError('null compression is missing', reader.offset);
    return { version, random, sessionId, cookie, suites, compressions, extensions: decodeExtensions(reader) };
  });
}

/** The body of a ClientHello. */
export function encodeClientHello(hello: ClientHello): Buffer {
  const { sessionId, cookie, suites, compressions } = hello;
  const writer = new Writer(256).u16(hello.version).bytes(hello.random);
  writer.u8(sessionId.length).bytes(sessionId).u8(cookie.length).bytes(cookie);
  writer.u16(2 * suites.length);
  for (const suite of suites) writer.u16(suite);
  writer.u8(compressions.length).bytes(compressions);
  encodeExtensions(writer, hello.extensions);
  return writer.finish();
}
