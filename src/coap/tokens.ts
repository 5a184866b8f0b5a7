const tokenBytes = 8;
const poolTokens = 512;

/** Random tokens of eight bytes, as keys: one latin1 character per byte. Random bytes are drawn many at once. */
export class TokenSource {
  private readonly randomBytes: (size: number) => Buffer;
  private pool: Buffer = Buffer.alloc(0);
  private used = 0;

  constructor(randomBytes: (size: number) => Buffer) {
    this.randomBytes = randomBytes;
  }

  /** A token that is not taken yet. */
  take(taken: (key: string) => boolean): string {
    for (;;) {
      if (this.used === this.pool.length) {
        this.pool = this.randomBytes(tokenBytes * poolTokens);
        this.used = 0;
      }
      const key = this.pool.toString('latin1', this.used, this.used + tokenBytes);
      this.used += tokenBytes;
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
