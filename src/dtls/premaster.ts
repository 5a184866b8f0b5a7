import { Writer } from '../core/bytes.js';

/** The premaster secret from a pre-shared key alone: as many zeros as the key is long, and the key [RFC 4279 2]. */
export function pskPremaster(psk: Buffer): Buffer {
  return ecdhePskPremaster(Buffer.alloc(psk.length), psk);
}

/** The premaster secret from a Diffie-Hellman secret and a pre-shared key [RFC 5489 2]. */
export function ecdhePskPremaster(shared: Buffer, psk: Buffer): Buffer {
  const writer = new Writer(4 + shared.length + psk.length);
  return writer.u16(shared.length).bytes(shared).u16(psk.length).bytes(psk).finish();
}
