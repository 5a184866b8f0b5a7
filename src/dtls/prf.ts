import { createHmac } from 'node:crypto';
import { type CipherSuite, keyBlockLength } from './suites.js';

/** The hash a PRF is built on. */
export type PrfHash = CipherSuite['hash'];

/** Length of a master secret. */
export const masterSecretLength = 48;

/** P_hash over label and seed, `length` bytes [RFC 5246 5]. */
export function prf(hash: PrfHash, secret: Uint8Array, label: string, seed: Uint8Array, length: number): Buffer {
  const start = Buffer.concat([Buffer.from(label, 'latin1'), seed]);
  const out = Buffer.alloc(length);
  let a: Buffer = createHmac(hash, secret).update(start).digest();
  for (let filled = 0; filled < length; ) {
    const block = createHmac(hash, secret).update(a).update(start).digest();
    filled += block.copy(out, filled);
    if (filled < length) a = createHmac(hash, secret).update(a).digest();
  }
  return out;
}

/** The master secret from both randoms [RFC 5246 8.1]. */
export function masterSecret(hash: PrfHash, premaster: Uint8Array, clientRandom: Buffer, serverRandom: Buffer): Buffer {
  return prf(hash, premaster, 'master secret', Buffer.concat([clientRandom, serverRandom]), masterSecretLength);
}

/** The master secret bound to the handshake so far [RFC 7627 4]. */
export function extendedMasterSecret(hash: PrfHash, premaster: Uint8Array, sessionHash: Buffer): Buffer {
  return prf(hash, premaster, 'extended master secret', sessionHash, masterSecretLength);
}

/** Keys and implicit nonces: client key, server key, client iv, server iv. The randoms stand the other way round here. */
export function keyBlock(suite: CipherSuite, master: Uint8Array, clientRandom: Buffer, serverRandom: Buffer): Buffer {
  const seed = Buffer.concat([serverRandom, clientRandom]);
  return prf(suite.hash, master, 'key expansion', seed, keyBlockLength(suite));
}

/** The twelve bytes of a Finished message. */
export function verifyData(hash: PrfHash, master: Uint8Array, from: 'client' | 'server', transcript: Buffer): Buffer {
  return prf(hash, master, `${from} finished`, transcript, 12);
}
