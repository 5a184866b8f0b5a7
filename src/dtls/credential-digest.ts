import { createHmac } from 'node:crypto';
import type { Psk } from './options.js';

const digestLength = 16;

/**
 * A digest of a pre-shared key and what it is bound to, a character per byte. It is kept with a session, inside its sealed
 * box only, so that a later start can tell that the key has changed meanwhile.
 */
export function credentialDigest(psk: Psk, identity: string): string {
  const hmac = createHmac('sha256', psk.key).update(`session credential\0${identity}\0${psk.endpoint ?? ''}`);
  return hmac.digest().toString('latin1', 0, digestLength);
}
