import { constants, type KeyObject, sign, verify } from 'node:crypto';

/** A signature algorithm with its hash, by the number TLS gives it [RFC 5246 7.4.1.4.1] [RFC 8446 4.2.3]. */
export interface SignatureScheme {
  readonly id: number;
  readonly hash: 'sha256' | 'sha384' | 'sha512';
  readonly keyType: 'ec' | 'rsa';
  readonly pss: boolean;
}

/** The schemes there are here, the preferred first. Nothing with SHA-1. */
export const signatureSchemes: readonly SignatureScheme[] = [
  { id: 0x0403, hash: 'sha256', keyType: 'ec', pss: false },
  { id: 0x0503, hash: 'sha384', keyType: 'ec', pss: false },
  { id: 0x0401, hash: 'sha256', keyType: 'rsa', pss: false },
  { id: 0x0804, hash: 'sha256', keyType: 'rsa', pss: true },
  { id: 0x0501, hash: 'sha384', keyType: 'rsa', pss: false },
];

/** The scheme to sign with: the first of ours that fits the key and that the peer has listed. */
export function schemeFor(key: KeyObject, offered: readonly number[]): SignatureScheme | undefined {
  return signatureSchemes.find((scheme) => scheme.keyType === key.asymmetricKeyType && offered.includes(scheme.id));
}

/** Signs. */
export function signWith(scheme: SignatureScheme, key: KeyObject, data: Buffer): Buffer {
  return sign(scheme.hash, data, { key, ...paddingOf(scheme) });
}

/** Whether a signature is right; false also for a scheme that is not ours or does not fit the key. */
export function isSignatureValid(schemeId: number, key: KeyObject, data: Buffer, signature: Buffer): boolean {
  const scheme = signatureSchemes.find((known) => known.id === schemeId);
  if (scheme === undefined || scheme.keyType !== key.asymmetricKeyType) return false;
  try {
    return verify(scheme.hash, data, { key, ...paddingOf(scheme) }, signature);
  } catch {
    return false;
  }
}

function paddingOf(scheme: SignatureScheme): { padding?: number; saltLength?: number } {
  if (!scheme.pss) return {};
  return { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
}
