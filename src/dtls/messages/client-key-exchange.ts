import { Reader, Writer } from '../../core/bytes.js';
import { attempt, DecodeError } from '../../core/errors.js';
import type { KeyExchange } from '../suites.js';

/** ClientKeyExchange: the identity with pre-shared keys, the point with ECDHE, both with both. */
export interface ClientKeyExchange {
  readonly identity?: Buffer;
  readonly point?: Buffer;
}

/** The body of a ClientKeyExchange. */
export function encodeClientKeyExchange(message: ClientKeyExchange): Buffer {
  const writer = new Writer(128);
  if (message.identity !== undefined) writer.u16(message.identity.length).bytes(message.identity);
  if (message.point !== undefined) writer.u8(message.point.length).bytes(message.point);
  return writer.finish();
}

/** Reads the body of a ClientKeyExchange of a suite with this key exchange. */
export function decodeClientKeyExchange(body: Buffer, exchange: KeyExchange): ClientKeyExchange | DecodeError {
  return attempt(() => {
    const reader = new Reader(body);
    const identity = exchange === 'psk' || exchange === 'ecdhe_psk' ? reader.bytes(reader.u16()) : undefined;
    const point = exchange === 'psk' ? undefined : reader.bytes(reader.u8());
    if (reader.remaining > 0) throw new DecodeError('bytes left over', reader.offset);
    return { identity, point };
  });
}
