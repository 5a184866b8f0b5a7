import { X509Certificate } from 'node:crypto';
import { DecodeError } from '../core/errors.js';
import type { AlertName } from './alert.js';
import { type CertificateDetails, keyUsageBits, readCertificate } from './certificate-details.js';

/** A certificate that could be read. */
export interface ParsedCertificate {
  readonly x509: X509Certificate;
  readonly details: CertificateDetails;
}

/** Why a certificate or raw key was not taken: what the peer is told and what is logged. */
export interface Refusal {
  readonly alert: AlertName;
  readonly reason: string;
}

const longestChain = 4;
const clientAuthentication = '1.3.6.1.5.5.7.3.2';
const anyExtendedUsage = '2.5.29.37.0';
// MD5 and SHA-1 with RSA, ECDSA with SHA-1.
const weakSignatures = new Set(['2a864886f70d010104', '2a864886f70d010105', '2a8648ce3d0401']);

/** Parses one certificate (DER); undefined when it is none. */
export function parseCertificate(der: Buffer): ParsedCertificate | undefined {
  const details = readCertificate(der);
  if (details instanceof DecodeError) return undefined;
  try {
    return { x509: new X509Certificate(der), details };
  } catch {
    return undefined;
  }
}

/**
 * Checks a client's chain, leaf first, against trusted roots [RFC 5280 6]: signatures, names, validity, CA flags, path
 * lengths, usages. Revocation lists and name constraints are not looked at; a critical name constraint refuses.
 */
export function checkClientChain(
  chain: readonly ParsedCertificate[],
  roots: readonly ParsedCertificate[],
  now: number,
): Refusal | undefined {
  const leaf = chain[0];
  if (leaf === undefined) return { alert: 'bad_certificate', reason: 'no certificate' };
  const usage = leafUsage(leaf);
  if (usage !== undefined) return usage;
  let current = leaf;
  const rest = chain.slice(1);
  for (let depth = 0; depth < longestChain; depth++) {
    const fault = ownFault(current, now);
    if (fault !== undefined) return fault;
    const root = roots.find((candidate) => candidate.x509.raw.equals(current.x509.raw) || isIssuer(candidate, current));
    // A root is trusted for what it is: only its validity and its path length are looked at.
    if (root !== undefined) return expiry(root, now) ?? tooDeep(root, current, depth);
    const at = rest.findIndex((candidate) => isIssuer(candidate, current));
    const issuer = rest[at];
    if (issuer === undefined) break;
    const deep = tooDeep(issuer, current, depth);
    if (deep !== undefined) return deep;
    rest.splice(at, 1);
    current = issuer;
  }
  return { alert: 'unknown_ca', reason: `certificate ${subjectOf(leaf)} is not signed by a trusted authority` };
}

/** The subject's name for people, on one line. */
export function subjectOf(certificate: ParsedCertificate): string {
  return certificate.x509.subject.split('\n').join(', ');
}

function leafUsage(leaf: ParsedCertificate): Refusal | undefined {
  const { keyUsage } = leaf.details;
  if (keyUsage !== undefined && (keyUsage & keyUsageBits.digitalSignature) === 0) {
    return { alert: 'unsupported_certificate', reason: `certificate ${subjectOf(leaf)} is not for signatures` };
  }
  const extended: readonly string[] | undefined = leaf.x509.keyUsage;
  if (extended && !extended.includes(clientAuthentication) && !extended.includes(anyExtendedUsage)) {
    return { alert: 'unsupported_certificate', reason: `certificate ${subjectOf(leaf)} is not for clients` };
  }
  return undefined;
}

function ownFault(certificate: ParsedCertificate, now: number): Refusal | undefined {
  const { unknownCritical, signatureOid } = certificate.details;
  const name = subjectOf(certificate);
  if (unknownCritical.length > 0) {
    return { alert: 'unsupported_certificate', reason: `certificate ${name} has a critical extension not known here` };
  }
  if (weakSignatures.has(signatureOid)) {
    return { alert: 'bad_certificate', reason: `certificate ${name} is signed with a broken hash` };
  }
  return expiry(certificate, now);
}

function expiry(certificate: ParsedCertificate, now: number): Refusal | undefined {
  const { validFrom, validTo } = certificate.x509;
  if (now > Date.parse(validTo)) {
    return { alert: 'certificate_expired', reason: `certificate ${subjectOf(certificate)} expired ${validTo}` };
  }
  if (now < Date.parse(validFrom)) {
    return {
      alert: 'bad_certificate',
      reason: `certificate ${subjectOf(certificate)} is not valid before ${validFrom}`,
    };
  }
  return undefined;
}

/** `depth` counts the intermediates below the issuer: 0 when it has signed the leaf. */
function tooDeep(issuer: ParsedCertificate, child: ParsedCertificate, depth: number): Refusal | undefined {
  const limit = issuer.details.pathLength;
  if (issuer.x509.raw.equals(child.x509.raw) || limit === undefined || depth <= limit) return undefined;
  return { alert: 'unknown_ca', reason: `certificate ${subjectOf(issuer)} allows only ${limit} authorities below it` };
}

function isIssuer(issuer: ParsedCertificate, child: ParsedCertificate): boolean {
  const { keyUsage, isCa } = issuer.details;
  if (!isCa || (keyUsage !== undefined && (keyUsage & keyUsageBits.keyCertSign) === 0)) return false;
  // checkIssued compares names only; the signature is verify's.
  return child.x509.checkIssued(issuer.x509) && child.x509.verify(issuer.x509.publicKey);
}
