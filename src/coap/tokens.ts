import { pooledRandom, type RandomBytes } from '../core/random.js';

const tokenBytes = 8;

/** Random tokens of eight bytes, as keys: one latin1 character per byte. */
export class TokenSource {
  private readonly random: RandomBytes;

  constructor(randomBytes: RandomBytes) {
    this.random = pooledRandom(randomBytes);
  }

  /** A token that is not taken yet. */
  take(taken: (key: string) => boolean): string {
    for (;;) {
      const key = this.random(tokenBytes).toString('latin1');
      if (!taken(key)) return key;
    }
  }
}

/** A token as a key. */
export function tokenKey(token: Buffer): string {
  return token.toString('latin1');
}

/** A key as a token, in memory of its own: tokens that are kept must not hold on to a larger buffer. */
export function keyToken(key: string): Buffer {
  const token = Buffer.alloc(key.length);
  token.write(key, 'latin1');
  return token;
}
