/** Randomness as a dependency: a number in [0, 1). */
export type Random = () => number;

/** Grows a wait from `baseMs` by doubling up to `maxMs`, each spread by up to +50 % so that a crowd does not return at once. */
export function backoffMs(attempt: number, baseMs: number, maxMs: number, random: Random = Math.random): number {
  const plain = Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 30));
  return Math.round(plain * (1 + random() / 2));
}

/** A wait of `ms` to `ms * (1 + share)`. */
export function jitterMs(ms: number, share: number, random: Random = Math.random): number {
  return ms * (1 + share * random());
}
