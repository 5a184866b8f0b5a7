/** Gives as many random bytes as asked for. */
export type RandomBytes = (size: number) => Buffer;

const poolBytes = 4096;

/**
 * A source of a few random bytes at a time, which draws many at once: a draw costs some microseconds, whatever its size.
 * What it gives is a view that is not to be kept. Up to 4,096 bytes.
 */
export function pooledRandom(draw: RandomBytes): RandomBytes {
  let pool: Buffer = Buffer.alloc(0);
  let used = 0;
  return (size) => {
    if (used + size > pool.length) {
      pool = draw(poolBytes);
      used = 0;
    }
    used += size;
    return pool.subarray(used - size, used);
  };
}
