import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { IsthmusError } from '../core/errors.js';
import { type ParsedCertificate, parseCertificate } from './certificate-chain.js';
import {
  type DtlsCredentials,
  type DtlsLimits,
  type DtlsOptions,
  type DtlsTimers,
  defaultLimits,
  defaultTimers,
  type PskSource,
} from './options.js';
import { type CipherSuite, chooseSuites, isSigned, suites, usesPsk } from './suites.js';

/** The server's key, and how it may be shown. */
export interface ServerKey {
  readonly key: KeyObject;
  /** DER, leaf first. Empty when only a raw public key can be shown. */
  readonly chain: readonly Buffer[];
  /** DER of the public key, when it may be shown raw. */
  readonly rawPublicKey: Buffer | undefined;
}

/** What is asked of clients. */
export interface ClientAuthentication {
  readonly required: boolean;
  readonly roots: readonly ParsedCertificate[];
  /** Endpoint bound to a key (or null), by the hex of its SubjectPublicKeyInfo. */
  readonly trustedKeys: ReadonlyMap<string, string | null>;
}

/** Options that have been checked and made ready for use. */
export interface DtlsSettings {
  readonly name: string;
  readonly suites: readonly CipherSuite[];
  readonly psk: PskSource | undefined;
  readonly pskHint: Buffer | undefined;
  readonly serverKey: ServerKey | undefined;
  readonly clientAuthentication: ClientAuthentication | undefined;
  readonly cidLength: number;
  readonly tellUnknownIdentity: boolean;
  readonly mtu: number;
  readonly limits: DtlsLimits;
  readonly timers: DtlsTimers;
  /** Cipher names of the options that are not supported, for a warning. */
  readonly ignoredCiphers: readonly string[];
}

/** Checks options. What cannot work is an IsthmusError: `CREDENTIALS`, `CIPHERS`. */
export function prepareSettings(options: DtlsOptions): DtlsSettings {
  const { credentials, cidLength = 8, mtu = 1200 } = options;
  if (!Number.isInteger(cidLength) || cidLength < 0 || cidLength > 32) {
    throw new IsthmusError('CREDENTIALS', `connection id length ${cidLength} is not between 0 and 32`);
  }
  const serverKey = prepareServerKey(credentials);
  const chosen = options.ciphers === undefined ? { suites, unsupported: [] } : chooseSuites(options.ciphers);
  const usable = chosen.suites.filter((suite) => isUsable(suite, serverKey, credentials));
  if (usable.length === 0) {
    throw new IsthmusError(
      'CREDENTIALS',
      'no cipher suite has a credential: neither pre-shared keys nor a fitting server key',
    );
  }
  return {
    name: options.name,
    suites: usable,
    psk: credentials.psk,
    pskHint: credentials.pskHint === undefined ? undefined : Buffer.from(credentials.pskHint),
    serverKey,
    clientAuthentication: credentials.verify === true ? prepareClientAuthentication(credentials) : undefined,
    cidLength,
    tellUnknownIdentity: options.tellUnknownIdentity ?? false,
    mtu,
    limits: { ...defaultLimits, ...options.limits },
    timers: { ...defaultTimers, ...options.timers },
    ignoredCiphers: chosen.unsupported,
  };
}

function isUsable(suite: CipherSuite, serverKey: ServerKey | undefined, credentials: DtlsCredentials): boolean {
  if (usesPsk(suite) && credentials.psk === undefined) return false;
  if (!isSigned(suite)) return true;
  return serverKey?.key.asymmetricKeyType === (suite.keyExchange === 'ecdhe_rsa' ? 'rsa' : 'ec');
}

function prepareServerKey(credentials: DtlsCredentials): ServerKey | undefined {
  const { key: pem, certificate } = credentials;
  if (pem === undefined) {
    if (certificate !== undefined) throw new IsthmusError('CREDENTIALS', 'a certificate without its private key');
    return undefined;
  }
  // Errors of the key reader could quote it, so only that it failed is passed on.
  const key = guarded('the private key cannot be read', () => createPrivateKey(pem));
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const chain = certificate === undefined ? [] : certificatesIn(certificate, 'the server certificate');
  const leaf = chain[0];
  if (leaf !== undefined && !leaf.x509.publicKey.export({ type: 'spki', format: 'der' }).equals(publicKey)) {
    throw new IsthmusError('CREDENTIALS', 'the private key does not belong to the server certificate');
  }
  const raw = credentials.offerRawPublicKey ?? (leaf === undefined || credentials.trustedKeys !== undefined);
  return { key, chain: chain.map((entry) => entry.x509.raw), rawPublicKey: raw ? publicKey : undefined };
}

function prepareClientAuthentication(credentials: DtlsCredentials): ClientAuthentication {
  const roots = credentials.ca === undefined ? [] : certificatesIn(credentials.ca, 'the CA certificates');
  const trustedKeys = new Map<string, string | null>();
  for (const { key, endpoint } of credentials.trustedKeys ?? []) {
    const object = guarded('a trusted public key cannot be read', () =>
      typeof key === 'string' ? createPublicKey(key) : createPublicKey({ key, type: 'spki', format: 'der' }),
    );
    trustedKeys.set(object.export({ type: 'spki', format: 'der' }).toString('hex'), endpoint ?? null);
  }
  if (roots.length === 0 && trustedKeys.size === 0) {
    throw new IsthmusError('CREDENTIALS', 'client certificates are to be verified, but no CA and no key is trusted');
  }
  return { required: credentials.failIfNoPeerCert ?? false, roots, trustedKeys };
}

const pemBlock = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----([^-]+)-----END/g;

function certificatesIn(pem: string, what: string): ParsedCertificate[] {
  const found = [...pem.matchAll(pemBlock)].map((match) => parseCertificate(Buffer.from(match[1] as string, 'base64')));
  const parsed = found.filter((certificate) => certificate !== undefined);
  if (parsed.length === 0 || parsed.length < found.length) {
    throw new IsthmusError('CREDENTIALS', `${what} cannot be read: PEM is expected`);
  }
  return parsed;
}

function guarded<T>(message: string, run: () => T): T {
  try {
    return run();
  } catch {
    throw new IsthmusError('CREDENTIALS', message);
  }
}
