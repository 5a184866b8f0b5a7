import type { Counted } from './protocol.js';

/** Counts what went the whole way; all lanes of a round share one. */
export class Tally {
  completed = 0;
  lost = 0;
  duplicates = 0;
  private startedAt = 0;
  private cpuAtStart = process.cpuUsage();

  /** Starts counting anew. */
  reset(): void {
    this.completed = 0;
    this.lost = 0;
    this.duplicates = 0;
    this.startedAt = performance.now();
    this.cpuAtStart = process.cpuUsage();
  }

  counted(): Counted {
    const cpu = process.cpuUsage(this.cpuAtStart);
    return {
      completed: this.completed,
      lost: this.lost,
      duplicates: this.duplicates,
      ms: performance.now() - this.startedAt,
      cpuMs: (cpu.user + cpu.system) / 1000,
    };
  }
}
