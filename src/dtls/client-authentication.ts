import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import type { Identity } from '../core/datagram.js';
import { DecodeError } from '../core/errors.js';
import {
  checkClientChain,
  type ParsedCertificate,
  parseCertificate,
  type Refusal,
  subjectOf,
} from './certificate-chain.js';
import { decodeCertificateChain, decodeRawPublicKey } from './messages/certificate.js';
import { decodeCertificateVerify } from './messages/certificate-verify.js';
import { type CertificateType, certificateTypes } from './negotiation.js';
import type { ClientAuthentication } from './settings.js';
import { isSignatureValid } from './signature-schemes.js';

/** A client's certificate or raw key, trusted, though its possession is still to be proven. */
export interface ClientKey {
  readonly publicKey: KeyObject;
  readonly identity: Identity;
}

/** What a Certificate message of a client came to. */
export type ClientCertificate = ClientKey | { readonly none: true } | Refusal;

const malformed: Refusal = { alert: 'decode_error', reason: 'a malformed Certificate message' };

/** Reads the Certificate message of a client that was asked for an X.509 chain or for a raw key. */
export function readClientCertificate(
  body: Buffer,
  type: CertificateType,
  wanted: ClientAuthentication,
  now: number,
): ClientCertificate {
  return type === certificateTypes.rawPublicKey ? readKey(body, wanted) : readChain(body, wanted, now);
}

/** Checks a CertificateVerify over the handshake so far: the client has the private key. */
export function checkPossession(body: Buffer, client: ClientKey, transcript: Buffer): Refusal | undefined {
  const signature = decodeCertificateVerify(body);
  if (signature instanceof DecodeError) return { alert: 'decode_error', reason: 'a malformed CertificateVerify' };
  if (isSignatureValid(signature.scheme, client.publicKey, transcript, signature.value)) return undefined;
  return { alert: 'decrypt_error', reason: 'the client cannot prove that the certificate is its own' };
}

function readChain(body: Buffer, wanted: ClientAuthentication, now: number): ClientCertificate {
  const ders = decodeCertificateChain(body);
  if (ders instanceof DecodeError) return malformed;
  if (ders.length === 0) return missing(wanted);
  if (ders.length > 6) return { alert: 'bad_certificate', reason: 'a chain of too many certificates' };
  const chain: ParsedCertificate[] = [];
  for (const der of ders) {
    const certificate = parseCertificate(der);
    if (certificate === undefined) return { alert: 'bad_certificate', reason: 'a certificate that cannot be read' };
    chain.push(certificate);
  }
  const leaf = chain[0] as ParsedCertificate;
  const refusal = checkClientChain(chain, wanted.roots, now);
  return refusal ?? { publicKey: leaf.x509.publicKey, identity: identityOf(leaf) };
}

function readKey(body: Buffer, wanted: ClientAuthentication): ClientCertificate {
  const spki = decodeRawPublicKey(body);
  if (spki instanceof DecodeError) return malformed;
  if (spki.length === 0) return missing(wanted);
  const hex = spki.toString('hex');
  const endpoint = wanted.trustedKeys.get(hex);
  const fingerprint = createHash('sha256').update(spki).digest('hex');
  if (endpoint === undefined) {
    return { alert: 'certificate_unknown', reason: `raw public key with SHA-256 ${fingerprint} is not trusted` };
  }
  const publicKey = createPublicKey({ key: spki, type: 'spki', format: 'der' });
  const identity: Identity = { kind: 'rpk', publicKey: hex, ...(endpoint === null ? {} : { endpoint }) };
  return { publicKey, identity };
}

function missing(wanted: ClientAuthentication): ClientCertificate {
  if (!wanted.required) return { none: true };
  return { alert: 'handshake_failure', reason: 'the client has no certificate' };
}

function identityOf(leaf: ParsedCertificate): Identity {
  const { x509 } = leaf;
  const names: unknown = x509.toLegacyObject().subject?.CN;
  const first: unknown = Array.isArray(names) ? names[0] : names;
  const commonName = typeof first === 'string' ? first : '';
  const fingerprint = x509.fingerprint256.replaceAll(':', '').toLowerCase();
  return { kind: 'x509', subject: subjectOf(leaf), commonName, fingerprint };
}

/** The DER names of the roots, for a CertificateRequest. */
export function authorityNames(wanted: ClientAuthentication): Buffer[] {
  return wanted.roots.map((root) => root.details.subject);
}
