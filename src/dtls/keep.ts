const noBytes = Buffer.alloc(0);

/**
 * A copy of bytes for keeping. Small buffers usually share a block of 8 KiB with others; one that is kept for the life of
 * a session would keep its whole block.
 */
export function keep(bytes: Uint8Array): Buffer {
  if (bytes.length === 0) return noBytes;
  const copy = Buffer.alloc(bytes.length);
  copy.set(bytes);
  return copy;
}
