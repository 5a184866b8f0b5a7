const chunkLength = 2048;
const noBytes = Buffer.alloc(0);

let chunk = noBytes;
let used = 0;

/**
 * A copy of a few bytes for the life of a session, such as its keys. They share blocks only with others of their kind: a
 * block of their own each would cost several times what is in it and keep the memory around it in pieces, and in Node's
 * own pool they would keep alive whatever else is there.
 */
export function keep(bytes: Uint8Array): Buffer {
  if (bytes.length === 0) return noBytes;
  if (bytes.length > chunkLength / 2) return Buffer.from(Uint8Array.from(bytes).buffer);
  if (used + bytes.length > chunk.length) {
    chunk = Buffer.allocUnsafeSlow(chunkLength);
    used = 0;
  }
  const copy = chunk.subarray(used, used + bytes.length);
  used += bytes.length;
  copy.set(bytes);
  return copy;
}

/** The same of a secret, which is overwritten where it was. */
export function keepSecret(secret: Buffer): Buffer {
  const kept = keep(secret);
  secret.fill(0);
  return kept;
}
