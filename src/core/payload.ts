/**
 * Bytes that are kept for long, as text of one character for each byte: very many small buffers would take three times
 * the room, and a part of a received buffer would keep all of it alive.
 */
export const packed = (bytes: Buffer): string => bytes.toString('latin1');

/** The bytes again. */
export const unpacked = (payload: Buffer | string): Buffer =>
  typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;

/** These bytes, copied if they keep much more than themselves alive. */
export function ownBytes(bytes: Buffer): Buffer {
  const { byteLength } = bytes.buffer;
  return byteLength > Buffer.poolSize && byteLength > 2 * bytes.length ? Buffer.from(bytes) : bytes;
}
