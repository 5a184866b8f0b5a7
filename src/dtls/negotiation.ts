import { attempt, DecodeError } from '../core/errors.js';
import type { Refusal } from './certificate-chain.js';
import { decodeList16, decodeOpaque8, type Extensions, extensionTypes as ext } from './extensions.js';
import { type Group, groupByCurve, groups } from './groups.js';
import { type ClientHello, renegotiationScsv } from './messages/client-hello.js';
import { dtls12, maxPlaintextLength } from './record.js';
import type { DtlsSettings } from './settings.js';
import { type SignatureScheme, schemeFor } from './signature-schemes.js';
import { type CipherSuite, isSigned } from './suites.js';

/** Certificate types [RFC 7250]. */
export const certificateTypes = { x509: 0, rawPublicKey: 2 } as const;

/** X.509 or raw public key. */
export type CertificateType = (typeof certificateTypes)[keyof typeof certificateTypes];

/** What a ClientHello asks for and this endpoint can give. */
export interface Negotiated {
  readonly suite: CipherSuite;
  /** For ECDHE suites. */
  readonly group: Group | undefined;
  /** For suites with a server signature. */
  readonly scheme: SignatureScheme | undefined;
  readonly serverCertificateType: CertificateType;
  /** Set when the client is to be asked for a certificate or key. */
  readonly clientCertificateType: CertificateType | undefined;
  readonly features: HelloFeatures;
}

/** What a ClientHello says besides its suites; the same for full and abbreviated handshakes. */
export interface HelloFeatures {
  readonly extendedMasterSecret: boolean;
  readonly secureRenegotiation: boolean;
  /** What the client wants in front of records sent to it; undefined when it has not offered connection ids. */
  readonly clientCid: Buffer | undefined;
  /** The code of max_fragment_length, when it counts. */
  readonly maxFragmentLength: number | undefined;
  readonly recordSizeLimit: number | undefined;
  /** The longest content of a record to the client. */
  readonly maxPlaintext: number;
  /** The longest content of a record from it: what max_fragment_length says, or record_size_limit's answer. */
  readonly maxReceived: number;
  readonly extensions: Extensions;
}

const longestCid = 32;

/** Whether a hello can lead to a handshake at all, and what it says of itself. */
export function readFeatures(hello: ClientHello): HelloFeatures | Refusal {
  const features = attempt(() => decodeFeatures(hello));
  return features instanceof DecodeError ? { alert: 'decode_error', reason: features.message } : features;
}

function decodeFeatures(hello: ClientHello): HelloFeatures | Refusal {
  const { extensions } = hello;
  // Versions of DTLS count downwards: anything above is older.
  if (hello.version > dtls12) return { alert: 'protocol_version', reason: 'the client speaks only DTLS 1.0' };
  const renegotiation = extensions.get(ext.renegotiationInfo);
  if (renegotiation !== undefined && decodeOpaque8(renegotiation).length > 0) {
    return { alert: 'handshake_failure', reason: 'renegotiation in a first handshake' };
  }
  const cidData = extensions.get(ext.connectionId);
  const cid = cidData === undefined ? undefined : decodeOpaque8(cidData);
  const limitData = extensions.get(ext.recordSizeLimit);
  const limit = limitData === undefined ? undefined : sizeLimit(limitData);
  const fragmentData = limit === undefined ? extensions.get(ext.maxFragmentLength) : undefined;
  const code = fragmentData?.[0];
  if (
    (limit !== undefined && limit < 64) ||
    (fragmentData !== undefined && (code === undefined || code < 1 || code > 4))
  ) {
    return { alert: 'illegal_parameter', reason: 'a fragment length that does not exist' };
  }
  const fragmentLength = code === undefined ? maxPlaintextLength : 2 ** (8 + code);
  return {
    extendedMasterSecret: extensions.has(ext.extendedMasterSecret),
    secureRenegotiation: renegotiation !== undefined || hello.suites.includes(renegotiationScsv),
    clientCid: cid !== undefined && cid.length <= longestCid ? cid : undefined,
    maxFragmentLength: code,
    recordSizeLimit: limit,
    maxPlaintext: Math.min(limit ?? fragmentLength, maxPlaintextLength),
    maxReceived: fragmentLength,
    extensions,
  };
}

function sizeLimit(data: Buffer): number {
  if (data.length !== 2) throw new DecodeError('record_size_limit is two bytes');
  return data.readUInt16BE(0);
}

/** Chooses suite, group, signature and certificate types, by the server's preference. */
export function negotiate(hello: ClientHello, features: HelloFeatures, settings: DtlsSettings): Negotiated | Refusal {
  const negotiated = attempt(() => choose(hello, features, settings));
  return negotiated instanceof DecodeError ? { alert: 'decode_error', reason: negotiated.message } : negotiated;
}

function choose(hello: ClientHello, features: HelloFeatures, settings: DtlsSettings): Negotiated | Refusal {
  const offeredGroups = list16(features.extensions, ext.supportedGroups) ?? [23];
  const group = groups.find((candidate) => offeredGroups.includes(candidate.id));
  const serverType = serverCertificateType(features.extensions, settings);
  let why = 'no cipher suite in common';
  for (const suite of settings.suites) {
    if (!hello.suites.includes(suite.id)) continue;
    if (suite.keyExchange !== 'psk' && group === undefined) {
      why = 'no group in common';
      continue;
    }
    const used = suite.keyExchange === 'psk' ? undefined : group;
    if (!isSigned(suite)) {
      const none = {
        scheme: undefined,
        serverCertificateType: certificateTypes.x509,
        clientCertificateType: undefined,
      };
      return { suite, group: used, features, ...none };
    }
    const scheme = signingScheme(features.extensions, settings, offeredGroups);
    if (scheme === undefined || serverType === undefined) {
      why = scheme === undefined ? 'no signature algorithm in common' : 'no certificate type in common';
      continue;
    }
    const clientType = clientCertificateType(features.extensions, settings);
    if (clientType === 'none')
      return { alert: 'unsupported_certificate', reason: 'no client certificate type in common' };
    return {
      suite,
      group: used,
      scheme,
      serverCertificateType: serverType,
      clientCertificateType: clientType,
      features,
    };
  }
  return { alert: 'handshake_failure', reason: why };
}

function signingScheme(
  extensions: Extensions,
  settings: DtlsSettings,
  offeredGroups: readonly number[],
): SignatureScheme | undefined {
  const key = settings.serverKey?.key;
  if (key === undefined) return undefined;
  const curve = groupByCurve(key.asymmetricKeyDetails?.namedCurve);
  if (key.asymmetricKeyType === 'ec' && (curve === undefined || !offeredGroups.includes(curve.id))) return undefined;
  // A client that lists nothing means SHA-1 [RFC 5246 7.4.1.4.1], which is not to be had here.
  return schemeFor(key, list16(extensions, ext.signatureAlgorithms) ?? []);
}

/** The client's order counts: GnuTLS lists raw keys behind X.509 although it would rather not have them. */
function serverCertificateType(extensions: Extensions, settings: DtlsSettings): CertificateType | undefined {
  const { serverKey } = settings;
  const wanted = types(extensions, ext.serverCertificateType);
  for (const type of wanted) {
    if (type === certificateTypes.x509 && serverKey !== undefined && serverKey.chain.length > 0) return type;
    if (type === certificateTypes.rawPublicKey && serverKey?.rawPublicKey !== undefined) return type;
  }
  return undefined;
}

function clientCertificateType(extensions: Extensions, settings: DtlsSettings): CertificateType | undefined | 'none' {
  const wanted = settings.clientAuthentication;
  if (wanted === undefined) return undefined;
  for (const type of types(extensions, ext.clientCertificateType)) {
    if (type === certificateTypes.x509 && wanted.roots.length > 0) return type;
    if (type === certificateTypes.rawPublicKey && wanted.trustedKeys.size > 0) return type;
  }
  return wanted.required ? 'none' : undefined;
}

function types(extensions: Extensions, extension: number): Iterable<number> {
  const data = extensions.get(extension);
  return data === undefined ? [certificateTypes.x509] : decodeOpaque8(data);
}

function list16(extensions: Extensions, extension: number): number[] | undefined {
  const data = extensions.get(extension);
  return data === undefined ? undefined : decodeList16(data);
}
