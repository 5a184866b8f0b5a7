import { authorityNames } from './client-authentication.js';
import type { Extensions } from './extensions.js';
import type { EphemeralKey } from './groups.js';
import { handshakeTypes as types } from './handshake-message.js';
import { encodeCertificateChain, encodeRawPublicKey } from './messages/certificate.js';
import { encodeCertificateRequest } from './messages/certificate-request.js';
import { encodeServerHello } from './messages/server-hello.js';
import { encodeEcdhParams, encodeServerKeyExchange, type Signature } from './messages/server-key-exchange.js';
import { certificateTypes, type Negotiated } from './negotiation.js';
import type { DtlsSettings } from './settings.js';
import { signatureSchemes, signWith } from './signature-schemes.js';
import { usesPsk } from './suites.js';

/** A message to be sent: type and body. */
export interface OutgoingMessage {
  readonly type: number;
  readonly body: Buffer;
}

/** What goes into a ServerHello besides the suite. */
export interface HelloValues {
  readonly clientRandom: Buffer;
  readonly serverRandom: Buffer;
  readonly sessionId: Buffer;
  readonly extensions: Extensions;
}

const empty = Buffer.alloc(0);

/** The server's first flight of a full handshake: ServerHello to ServerHelloDone. */
export function serverFlight(
  negotiated: Negotiated,
  values: HelloValues,
  settings: DtlsSettings,
  ephemeral: EphemeralKey | undefined,
): OutgoingMessage[] {
  const { suite, clientCertificateType } = negotiated;
  const { serverRandom, sessionId, extensions } = values;
  const messages: OutgoingMessage[] = [
    {
      type: types.serverHello,
      body: encodeServerHello({ random: serverRandom, sessionId, suite: suite.id, extensions }),
    },
  ];
  if (negotiated.scheme !== undefined)
    messages.push({ type: types.certificate, body: ownCertificate(negotiated, settings) });
  const keyExchange = ownKeyExchange(negotiated, values, settings, ephemeral);
  if (keyExchange !== undefined) messages.push({ type: types.serverKeyExchange, body: keyExchange });
  if (clientCertificateType !== undefined && settings.clientAuthentication !== undefined) {
    const x509 = clientCertificateType === certificateTypes.x509;
    messages.push({
      type: types.certificateRequest,
      body: encodeCertificateRequest({
        // Both kinds, always: some clients send nothing when the list lacks the type of their key.
        certificateTypes: [64, 1],
        signatureSchemes: signatureSchemes.map((scheme) => scheme.id),
        authorities: x509 ? authorityNames(settings.clientAuthentication) : [],
      }),
    });
  }
  messages.push({ type: types.serverHelloDone, body: empty });
  return messages;
}

function ownCertificate(negotiated: Negotiated, settings: DtlsSettings): Buffer {
  const { serverKey } = settings;
  return negotiated.serverCertificateType === certificateTypes.rawPublicKey
    ? encodeRawPublicKey(serverKey?.rawPublicKey ?? empty)
    : encodeCertificateChain(serverKey?.chain ?? []);
}

/** Undefined when there is nothing to say: a bare PSK suite without a hint. */
function ownKeyExchange(
  negotiated: Negotiated,
  values: HelloValues,
  settings: DtlsSettings,
  ephemeral: EphemeralKey | undefined,
): Buffer | undefined {
  const { suite, group, scheme } = negotiated;
  const hint = usesPsk(suite) ? settings.pskHint : undefined;
  if (ephemeral === undefined || group === undefined) {
    return hint === undefined ? undefined : encodeServerKeyExchange({ hint });
  }
  const params = { group: group.id, point: ephemeral.point };
  if (suite.keyExchange === 'ecdhe_psk') return encodeServerKeyExchange({ hint: hint ?? empty, params });
  const key = settings.serverKey?.key;
  if (scheme === undefined || key === undefined) return undefined;
  const signed = Buffer.concat([values.clientRandom, values.serverRandom, encodeEcdhParams(params)]);
  const signature: Signature = { scheme: scheme.id, value: signWith(scheme, key, signed) };
  return encodeServerKeyExchange({ params, signature });
}

/** The ServerHello of an abbreviated handshake; ChangeCipherSpec and Finished follow it. */
export function resumedServerHello(suite: number, values: HelloValues): OutgoingMessage {
  const { serverRandom, sessionId, extensions } = values;
  return {
    type: types.serverHello,
    body: encodeServerHello({ random: serverRandom, sessionId, suite, extensions }),
  };
}
