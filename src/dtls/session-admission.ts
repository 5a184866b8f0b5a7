import { credentialDigest } from './credential-digest.js';
import { identityBytes } from './identity-text.js';
import type { Psk } from './options.js';
import type { Session } from './session.js';
import type { DtlsSettings } from './settings.js';

/** Whether a session of before a restart may go on under the settings of now: its credential must still count. */
export async function mayGoOn(session: Session, settings: DtlsSettings, now: number): Promise<boolean> {
  const { ownCid, identity, cipher, lastSeen } = session;
  const { clientAuthentication, cidLength, limits, psk, suites } = settings;
  if (now - lastSeen > limits.idleMs || !suites.includes(cipher.suite)) return false;
  if (ownCid.length > 0 && ownCid.length !== cidLength) return false;
  switch (identity?.kind) {
    case 'psk':
      return isCurrent(session, identity.identity, await psk?.lookup(identityBytes(identity.identity)));
    case 'x509':
      return clientAuthentication !== undefined && clientAuthentication.roots.length > 0;
    case 'rpk':
      return clientAuthentication?.trustedKeys.has(identity.publicKey) === true;
    default:
      return clientAuthentication?.required !== true;
  }
}

function isCurrent(session: Session, identity: string, psk: Psk | undefined): boolean {
  return psk !== undefined && session.credential === credentialDigest(psk, identity);
}
