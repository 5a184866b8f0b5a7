import type { Identity } from '../core/datagram.js';
import { assertNever } from '../core/errors.js';

/**
 * A PSK identity as text. Identities are bytes; those that are not printable UTF-8, or that begin with `0x` themselves,
 * become `0x` and hex, so that no two identities share a text.
 */
export function identityText(identity: Buffer): string {
  const text = identity.toString('utf8');
  const printable = !/\p{C}|\uFFFD/u.test(text) && text.length > 0;
  return printable && !text.startsWith('0x') ? text : `0x${identity.toString('hex')}`;
}

/** The inverse of `identityText`: `0x` and hex digits are bytes, all else is UTF-8. */
export function identityBytes(text: string): Buffer {
  return /^0x(?:[0-9a-fA-F]{2})*$/.test(text) ? Buffer.from(text.slice(2), 'hex') : Buffer.from(text, 'utf8');
}

/** An identity of any kind in a word or two, for logs. */
export function identityName(identity: Identity): string {
  switch (identity.kind) {
    case 'psk':
      return identity.identity;
    case 'x509':
      return identity.subject;
    case 'rpk':
      return `key ${identity.publicKey}`;
    default:
      return assertNever(identity);
  }
}
