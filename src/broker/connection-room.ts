import type { Clock } from '../core/clock.js';
import type { Log } from '../core/log.js';
import type { Counter, Metrics } from '../core/metrics.js';

const tellEveryMs = 60_000;

/** How many connections there may be at once, on all listeners together. Says so when there is no room, once a minute. */
export class ConnectionRoom {
  readonly limit: number;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly refused: Counter;
  private taken = 0;
  private toldAt = Number.NEGATIVE_INFINITY;
  private untold = 0;

  constructor(limit: number, around: { readonly clock: Clock; readonly log: Log; readonly metrics: Metrics }) {
    this.limit = limit;
    this.clock = around.clock;
    this.log = around.log;
    this.refused = around.metrics.counter('broker.refused_connections');
  }

  get full(): boolean {
    return this.taken >= this.limit;
  }

  /** A connection has come, and has its place. */
  take(): void {
    this.taken++;
  }

  /** A connection that had a place has ended. */
  leave(): void {
    this.taken--;
  }

  /** A connection was closed as it came, for want of room. */
  refuse(): void {
    this.refused.value++;
    this.untold++;
    const now = this.clock.now();
    if (now - this.toldAt < tellEveryMs) return;
    this.toldAt = now;
    this.log.warn({ limit: this.limit, refused: this.untold }, 'MQTT connections refused: there is no room for more');
    this.untold = 0;
  }
}
