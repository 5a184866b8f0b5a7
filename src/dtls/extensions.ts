import { Reader, Writer } from '../core/bytes.js';
import { DecodeError } from '../core/errors.js';

/** Numbers of the hello extensions that mean something here. */
export const extensionTypes = {
  maxFragmentLength: 1,
  supportedGroups: 10,
  ecPointFormats: 11,
  signatureAlgorithms: 13,
  clientCertificateType: 19,
  serverCertificateType: 20,
  extendedMasterSecret: 23,
  recordSizeLimit: 28,
  connectionId: 54,
  renegotiationInfo: 0xff01,
} as const;

/** Extensions by number, in their order; each may occur once. */
export type Extensions = ReadonlyMap<number, Buffer>;

/** Reads the extension block to the end of the reader. A block that is absent altogether is an empty one. */
export function decodeExtensions(reader: Reader): Extensions {
  const extensions = new Map<number, Buffer>();
  if (reader.remaining === 0) return extensions;
  if (reader.u16() !== reader.remaining) throw new DecodeError('extensions do not fill the message', reader.offset);
  while (reader.remaining > 0) {
    const type = reader.u16();
    const data = reader.bytes(reader.u16());
    if (extensions.has(type)) throw new DecodeError(`extension ${type} twice`, reader.offset);
    extensions.set(type, data);
  }
  return extensions;
}

/** Writes the block, or nothing at all when there are none: old clients stumble over an empty one. */
export function encodeExtensions(writer: Writer, extensions: Extensions): void {
  if (extensions.size === 0) return;
  let length = 0;
  for (const data of extensions.values()) length += 4 + data.length;
  writer.u16(length);
  for (const [type, data] of extensions) writer.u16(type).u16(data.length).bytes(data);
}

/** A list of 16-bit numbers behind its length in bytes, which is the whole extension. */
export function decodeList16(data: Buffer): number[] {
  const reader = new Reader(data);
  if (reader.u16() !== reader.remaining) throw new DecodeError('list does not fill its extension');
  return rest16(reader);
}

/** 16-bit numbers to the end of the reader. */
export function rest16(reader: Reader): number[] {
  const numbers: number[] = [];
  while (reader.remaining > 0) numbers.push(reader.u16());
  return numbers;
}

/** The inverse of `decodeList16`. */
export function encodeList16(numbers: readonly number[]): Buffer {
  const writer = new Writer(2 + 2 * numbers.length).u16(2 * numbers.length);
  for (const number of numbers) writer.u16(number);
  return writer.finish();
}

/** Bytes behind a one-byte length, which are the whole extension: certificate types, a connection id, point formats. */
export function decodeOpaque8(data: Buffer): Buffer {
  const reader = new Reader(data);
  if (reader.u8() !== reader.remaining) throw new DecodeError('value does not fill its extension');
  return reader.rest();
}

/** The inverse of `decodeOpaque8`. */
export function encodeOpaque8(value: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([value.length]), value]);
}
