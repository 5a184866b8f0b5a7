import { type Extensions, encodeOpaque8, extensionTypes as ext } from './extensions.js';
import type { HelloFeatures, Negotiated } from './negotiation.js';
import { maxPlaintextLength } from './record.js';

const empty = Buffer.alloc(0);

/** The extensions of a ServerHello: answers to what the client has offered, never more. */
export function serverHelloExtensions(features: HelloFeatures, cid: Buffer): Map<number, Buffer> {
  const answer = new Map<number, Buffer>();
  if (features.secureRenegotiation) answer.set(ext.renegotiationInfo, Buffer.from([0]));
  if (features.extendedMasterSecret) answer.set(ext.extendedMasterSecret, empty);
  if (features.clientCid !== undefined) answer.set(ext.connectionId, encodeOpaque8(cid));
  if (features.maxFragmentLength !== undefined) {
    answer.set(ext.maxFragmentLength, Buffer.from([features.maxFragmentLength]));
  }
  if (features.recordSizeLimit !== undefined) {
    const limit = Buffer.alloc(2);
    limit.writeUInt16BE(maxPlaintextLength, 0);
    answer.set(ext.recordSizeLimit, limit);
  }
  return answer;
}

/** Adds what only a full handshake answers: point formats, and the certificate types the client has listed. */
export function addFullHandshakeExtensions(answer: Map<number, Buffer>, negotiated: Negotiated): Extensions {
  const { extensions } = negotiated.features;
  if (negotiated.group !== undefined && extensions.has(ext.ecPointFormats)) {
    answer.set(ext.ecPointFormats, Buffer.from([1, 0]));
  }
  if (negotiated.scheme !== undefined && extensions.has(ext.serverCertificateType)) {
    answer.set(ext.serverCertificateType, Buffer.from([negotiated.serverCertificateType]));
  }
  if (negotiated.clientCertificateType !== undefined && extensions.has(ext.clientCertificateType)) {
    answer.set(ext.clientCertificateType, Buffer.from([negotiated.clientCertificateType]));
  }
  return answer;
}
