import { Reader, Writer } from '../../core/bytes.js';
import { attempt, DecodeError } from '../../core/errors.js';
import { decodeSignature, type Signature } from './server-key-exchange.js';

/** The body of a CertificateVerify. */
export function encodeCertificateVerify(signature: Signature): Buffer {
  const { scheme, value } = signature;
  return new Writer(4 + value.length).u16(scheme).u16(value.length).bytes(value).finish();
}

/** Reads the body of a CertificateVerify. */
export function decodeCertificateVerify(body: Buffer): Signature | DecodeError {
  return attempt(() => {
    const reader = new Reader(body);
    const signature = decodeSignature(reader);
    if (reader.remaining > 0) throw new DecodeError('bytes left over', reader.offset);
    return signature;
  });
}
