import type { Clock, Timer } from '../core/clock.js';

/** What is told: values by the rest of their topics. */
export type SystemValues = ReadonlyMap<string, string | number>;

/** What SystemTopics is made of. */
export interface SystemTopicsParts {
  readonly clock: Clock;
  readonly intervalMs: number;
  /** Nothing while nobody can be told; after that all are told anew. */
  readonly values: () => SystemValues;
  /** Publishes a retained message; the topic is the rest of it. */
  readonly publish: (topic: string, payload: string) => void;
}

/** Tells how things are, below a topic: all at the start, and what has changed at every interval. */
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
    const all = values();
    if (all.size === 0) this.told.clear();
    for (const [name, value] of all) {
      const text = String(value);
      if (this.told.get(name) === text) continue;
      this.told.set(name, text);
      publish(name, text);
    }
  }
}
