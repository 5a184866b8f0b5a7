import { Reader, Writer } from '../../core/bytes.js';
import { attempt, DecodeError } from '../../core/errors.js';
import { rest16 } from '../extensions.js';

/** CertificateRequest. The distinguished names are DER. */
export interface CertificateRequest {
  /** 1 for RSA, 64 for ECDSA. */
  readonly certificateTypes: readonly number[];
  readonly signatureSchemes: readonly number[];
  readonly authorities: readonly Buffer[];
}

/** The body of a CertificateRequest. */
export function encodeCertificateRequest(request: CertificateRequest): Buffer {
  const { certificateTypes, signatureSchemes, authorities } = request;
  const writer = new Writer(64).u8(certificateTypes.length).bytes(Buffer.from(certificateTypes));
  writer.u16(2 * signatureSchemes.length);
  for (const scheme of signatureSchemes) writer.u16(scheme);
  writer.u16(authorities.reduce((sum, name) => sum + 2 + name.length, 0));
  for (const name of authorities) writer.u16(name.length).bytes(name);
  return writer.finish();
}

/** Reads the body of a CertificateRequest. */
export function decodeCertificateRequest(body: Buffer): CertificateRequest | DecodeError {
  return attempt(() => {
    const reader = new Reader(body);
    const certificateTypes = [...reader.bytes(reader.u8())];
    const signatureSchemes = rest16(new Reader(reader.bytes(reader.u16())));
    if (reader.u16() !== reader.remaining) throw new DecodeError('names do not fill the message', reader.offset);
    const authorities: Buffer[] = [];
    while (reader.remaining > 0) authorities.push(reader.bytes(reader.u16()));
    return { certificateTypes, signatureSchemes, authorities };
  });
}
