import { Reader } from '../../core/bytes.js';
import { attempt, DecodeError } from '../../core/errors.js';
import { dtls10 } from '../record.js';

/** The body of a HelloVerifyRequest. It always says DTLS 1.0, whatever comes after [RFC 6347 4.2.1]. */
export function encodeHelloVerifyRequest(cookie: Buffer): Buffer {
  const body = Buffer.allocUnsafe(3 + cookie.length);
  body.writeUInt16BE(dtls10, 0);
  body[2] = cookie.length;
  body.set(cookie, 3);
  return body;
}

/** The cookie in a HelloVerifyRequest. */
export function decodeHelloVerifyRequest(body: Buffer): Buffer | DecodeError {
  return attempt(() => {
    const reader = new Reader(body);
    reader.u16();
    if (reader.u8() !== reader.remaining) throw new DecodeError('cookie does not fill the message');
    return reader.rest();
  });
}
