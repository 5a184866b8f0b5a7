/**
 * Values by a text that tells all there is in them: what very many devices say alike is kept once. Holds a bounded
 * number; the oldest goes first.
 */
export class InternCache<T> {
  private readonly limit: number;
  private readonly values = new Map<string, T>();

  constructor(limit: number) {
    this.limit = limit;
  }

  get(key: string): T | undefined {
    return this.values.get(key);
  }

  /** Keeps a value and gives it back. */
  add(key: string, value: T): T {
    if (this.values.size >= this.limit) {
      const [oldest] = this.values.keys();
      if (oldest !== undefined) this.values.delete(oldest);
    }
    this.values.set(key, value);
    return value;
  }
}
