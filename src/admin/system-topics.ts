import type { Clock, Timer } from '../core/clock.js';

/** What is told under `$SYS/broker/`: values by the rest of their topics. */
export type SystemValues = ReadonlyMap<string, string | number>;

/** What SystemTopics is made of. */
export interface SystemTopicsParts {
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly values: () => SystemValues;
  /** Publishes a retained message. */
  readonly publish: (topic: string, payload: string) => void;
}

/** Tells how the broker is under `$SYS/broker/`: all at the start, and what has changed at every interval. */
export class SystemTopics {
  private readonly parts: SystemTopicsParts;
  private told = new Map<string, string>();
  private timer: Timer | undefined;

  constructor(parts: SystemTopicsParts) {
    this.parts = parts;
  }

  start(): void {
    if (this.timer === undefined) this.tell();
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.told.clear();
  }

  private tell(): void {
    const { clock, intervalMs, values, publish } = this.parts;
    this.timer = clock.after('system topics', intervalMs, () => this.tell());
    for (const [name, value] of values()) {
      const text = String(value);
      if (this.told.get(name) === text) continue;
      this.told.set(name, text);
      publish(`$SYS/broker/${name}`, text);
    }
  }
}
