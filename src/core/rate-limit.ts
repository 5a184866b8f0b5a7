import type { Clock } from './clock.js';

/**
 * So many per second and key, counted in whole seconds. Keys come from a network and may be forged: no more than
 * `maxKeys` are remembered in one second, the others share one allowance.
 */
export class RateLimit {
  private readonly clock: Clock;
  private readonly perSecond: number;
  private readonly maxKeys: number;
  private readonly counts = new Map<string, number>();
  private second = 0;

  constructor(clock: Clock, perSecond: number, maxKeys = 10_000) {
    this.clock = clock;
    this.perSecond = perSecond;
    this.maxKeys = maxKeys;
  }

  /** Whether one more is allowed for this key; counts it if so. */
  allow(key: string): boolean {
    const second = Math.floor(this.clock.now() / 1000);
    if (second !== this.second) {
      this.second = second;
      this.counts.clear();
    }
    const slot = this.counts.has(key) || this.counts.size < this.maxKeys ? key : '';
    const count = this.counts.get(slot) ?? 0;
    if (count >= this.perSecond) return false;
    this.counts.set(slot, count + 1);
    return true;
  }
}
