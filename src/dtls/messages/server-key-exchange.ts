import { Reader, Writer } from '../../core/bytes.js';
import { attempt, DecodeError } from '../../core/errors.js';
import type { KeyExchange } from '../suites.js';

/** A named curve and a public point on it. */
export interface EcdhParams {
  readonly group: number;
  readonly point: Buffer;
}

/** A signature and the scheme it is made with. */
export interface Signature {
  readonly scheme: number;
  readonly value: Buffer;
}

/** ServerKeyExchange; which parts there are follows from the suite. */
export interface ServerKeyExchange {
  readonly hint?: Buffer;
  readonly params?: EcdhParams;
  readonly signature?: Signature;
}

const namedCurve = 3;

/** The parameters as they are sent, and as they are signed after both randoms [RFC 8422 5.4]. */
export function encodeEcdhParams(params: EcdhParams): Buffer {
  const { group, point } = params;
  return new Writer(4 + point.length).u8(namedCurve).u16(group).u8(point.length).bytes(point).finish();
}

/** The body of a ServerKeyExchange: hint, parameters, signature, each if it is there. */
export function encodeServerKeyExchange(message: ServerKeyExchange): Buffer {
  const writer = new Writer(160);
  if (message.hint !== undefined) writer.u16(message.hint.length).bytes(message.hint);
  if (message.params !== undefined) writer.bytes(encodeEcdhParams(message.params));
  if (message.signature !== undefined) {
    writer.u16(message.signature.scheme).u16(message.signature.value.length).bytes(message.signature.value);
  }
  return writer.finish();
}

/** Reads the body of a ServerKeyExchange of a suite with this key exchange. */
export function decodeServerKeyExchange(body: Buffer, exchange: KeyExchange): ServerKeyExchange | DecodeError {
  return attempt(() => {
    const reader = new Reader(body);
    const hint = exchange === 'psk' || exchange === 'ecdhe_psk' ? reader.bytes(reader.u16()) : undefined;
    const params = exchange === 'psk' ? undefined : decodeEcdhParams(reader);
    const signed = exchange === 'ecdhe_ecdsa' || exchange === 'ecdhe_rsa';
    const signature = signed ? decodeSignature(reader) : undefined;
    if (reader.remaining > 0) throw new DecodeError('bytes left over', reader.offset);
    return { hint, params, signature };
  });
}

/** A scheme and a signature, as here and in CertificateVerify. */
export function decodeSignature(reader: Reader): Signature {
  const scheme = reader.u16();
  return { scheme, value: reader.bytes(reader.u16()) };
}

function decodeEcdhParams(reader: Reader): EcdhParams {
  if (reader.u8() !== namedCurve) throw new DecodeError('not a named curve', reader.offset);
  const group = reader.u16();
  return { group, point: reader.bytes(reader.u8()) };
}
