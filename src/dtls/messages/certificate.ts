import { Reader, Writer } from '../../core/bytes.js';
import { attempt, DecodeError } from '../../core/errors.js';

/** The body of a Certificate message with X.509 certificates (DER), leaf first; an empty list is legal. */
export function encodeCertificateChain(chain: readonly Buffer[]): Buffer {
  const total = chain.reduce((sum, der) => sum + 3 + der.length, 0);
  const writer = new Writer(3 + total).u24(total);
  for (const der of chain) writer.u24(der.length).bytes(der);
  return writer.finish();
}

/** The certificates in the body of a Certificate message. */
export function decodeCertificateChain(body: Buffer): Buffer[] | DecodeError {
  return attempt(() => {
    const reader = new Reader(body);
    if (reader.u24() !== reader.remaining) throw new DecodeError('certificates do not fill the message');
    const chain: Buffer[] = [];
    while (reader.remaining > 0) chain.push(reader.bytes(reader.u24()));
    return chain;
  });
}

/** The body of a Certificate message with a raw public key: one SubjectPublicKeyInfo, no list [RFC 7250 3]. */
export function encodeRawPublicKey(spki: Buffer): Buffer {
  return new Writer(3 + spki.length).u24(spki.length).bytes(spki).finish();
}

/** The SubjectPublicKeyInfo in the body of a Certificate message; empty when the peer has none. */
export function decodeRawPublicKey(body: Buffer): Buffer | DecodeError {
  return attempt(() => {
    const reader = new Reader(body);
    if (reader.u24() !== reader.remaining) throw new DecodeError('key does not fill the message');
    return reader.rest();
  });
}
