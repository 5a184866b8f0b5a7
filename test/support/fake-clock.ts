import type { Clock, Timer } from '#src/core/clock.js';

interface Pending {
  readonly name: string;
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** A clock that stands still until a test turns it forward; timers run in the order of their times. */
export class FakeClock implements Clock {
  private time: number;
  private order = 0;
  private readonly pending = new Set<Pending>();

  constructor(startMs = 1_000_000) {
    this.time = startMs;
  }

  now(): number {
    return this.time;
  }

  after(name: string, delayMs: number, run: () => void): Timer {
    const entry = { name, at: this.time + Math.max(0, delayMs), order: this.order++, run };
    this.pending.add(entry);
    return { cancel: () => void this.pending.delete(entry) };
  }

  /** Names of the timers that wait, soonest first. */
  get waiting(): string[] {
    return this.sorted().map((entry) => entry.name);
  }

  /** Turns the clock forward, running every timer at its own time. */
  advance(ms: number): void {
    const until = this.time + ms;
    for (let next = this.sorted()[0]; next !== undefined && next.at <= until; next = this.sorted()[0]) {
      this.pending.delete(next);
      this.time = Math.max(this.time, next.at);
      next.run();
    }
    this.time = until;
  }

  private sorted(): Pending[] {
    return [...this.pending].sort((a, b) => a.at - b.at || a.order - b.order);
  }
}
