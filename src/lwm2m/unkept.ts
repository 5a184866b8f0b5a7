import { AgeList, type Aging } from '../core/age-list.js';
import type { Clock, Timer } from '../core/clock.js';
import type { Job } from './command-queue.js';
import type { Device } from './device.js';

/** A command under way that is not in the store. */
export interface UnkeptEntry extends Aging<UnkeptEntry> {
  readonly device: Device;
  readonly job: Job;
  /** To be called when it is answered or in the store. */
  readonly taken: () => void;
  readonly since: number;
}

/**
 * Commands under way that are not in the store yet. Most are answered soon and never get there; one that takes longer is
 * written, and only then its application is acknowledged. A list through the commands themselves, so that what is answered
 * is garbage at once and not when its turn to be looked at comes.
 */
export class Unkept {
  private readonly clock: Clock;
  private readonly afterMs: number;
  private readonly keep: (device: Device, job: Job, taken: () => void) => void;
  private readonly line = new AgeList<UnkeptEntry>();
  private timer: Timer | undefined;

  /** `keep` is given what has not been answered for `afterMs`, or up to twice as long. */
  constructor(clock: Clock, afterMs: number, keep: (device: Device, job: Job, taken: () => void) => void) {
    this.clock = clock;
    this.afterMs = afterMs;
    this.keep = keep;
  }

  /** A command is under way. */
  add(device: Device, job: Job, taken: () => void): void {
    const since = this.clock.now();
    const entry: UnkeptEntry = { device, job, taken, since, older: undefined, newer: undefined };
    this.line.add(entry);
    job.unkept = entry;
    this.arm();
  }

  /** A command has its answer. */
  answered(job: Job): void {
    const entry = job.unkept;
    if (entry === undefined) return;
    this.remove(entry);
    entry.taken();
  }

  /** Has everything kept now. */
  flush(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.keepUntil(Number.POSITIVE_INFINITY);
  }

  private arm(): void {
    this.timer ??= this.clock.after('lwm2m commands', this.afterMs, () => {
      this.timer = undefined;
      this.keepUntil(this.clock.now() - this.afterMs);
      if (this.line.oldest !== undefined) this.arm();
    });
  }

  private keepUntil(time: number): void {
    for (let entry = this.line.oldest; entry !== undefined && entry.since <= time; entry = this.line.oldest) {
      this.remove(entry);
      this.keep(entry.device, entry.job, entry.taken);
    }
  }

  private remove(entry: UnkeptEntry): void {
    this.line.remove(entry);
    entry.job.unkept = undefined;
  }
}
