import type { Identity } from './datagram.js';

/** Whether names must fit identities: `on` by what the credential says, `cn` by a certificate's common name, `off` never. */
export type IdentityBinding = 'on' | 'off' | 'cn';

/**
 * Whether a peer that has proven an identity may go by this endpoint name or client id. Without an identity, on plain UDP
 * or with no certificate asked for, there is nothing to hold a name against.
 */
export function mayUseName(identity: Identity | undefined, name: string, binding: IdentityBinding): boolean {
  if (binding === 'off' || identity === undefined) return true;
  const bound = nameOfIdentity(identity);
  // A trusted key that is bound to no name may take any.
  return bound === undefined || name === bound;
}

/** The one name that an identity stands for, if there is one. */
export function nameOfIdentity(identity: Identity | undefined): string | undefined {
  switch (identity?.kind) {
    case 'psk':
      return identity.endpoint ?? identity.identity;
    case 'x509':
      return identity.commonName;
    default:
      return identity?.endpoint;
  }
}

/** Whether two peers have proven to be the same one. Nobody in particular is not the same as anybody. */
export function sameIdentity(a: Identity | undefined, b: Identity | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  if (a.kind === 'psk') return b.kind === 'psk' && a.identity === b.identity;
  if (a.kind === 'x509') return b.kind === 'x509' && a.subject === b.subject;
  return b.kind === 'rpk' && a.publicKey === b.publicKey;
}
