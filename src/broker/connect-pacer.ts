import type { Clock, Timer } from '../core/clock.js';

/** A place in the queue. */
export interface Turn {
  /** Gives the place up; nothing happens if its turn has come. */
  cancel(): void;
}

interface Waiting extends Turn {
  run: (() => void) | undefined;
}

const tickMs = 20;

/**
 * Lets connections begin at no more than a rate, and none while it is held. Those for whom a device waits go first, and
 * are turned away when they would wait too long; those that come back by themselves have all the time.
 */
export class ConnectPacer {
  private readonly clock: Clock;
  private readonly perTick: number;
  private readonly urgentLimit: number;
  private readonly urgent: Waiting[] = [];
  private readonly patient: Waiting[] = [];
  private allowance = 0;
  private held = true;
  private timer: Timer | undefined;

  constructor(clock: Clock, perSecond: number, longestWaitSeconds = 10) {
    this.clock = clock;
    this.perTick = (perSecond * tickMs) / 1000;
    this.urgentLimit = Math.ceil(perSecond * longestWaitSeconds);
  }

  /** How many wait. */
  get waiting(): number {
    return this.urgent.length + this.patient.length;
  }

  /** Runs when its turn comes, not before this has returned; undefined when the queue is too long for who is in a hurry. */
  queue(run: () => void, inHurry: boolean): Turn | undefined {
    if (inHurry && this.urgent.length >= this.urgentLimit) return undefined;
    const waiting: Waiting = {
      run,
      cancel() {
        waiting.run = undefined;
      },
    };
    (inHurry ? this.urgent : this.patient).push(waiting);
    this.arm(0);
    return waiting;
  }

  /** Nobody's turn comes until `release`. */
  hold(): void {
    this.held = true;
    this.timer?.cancel();
    this.timer = undefined;
  }

  release(): void {
    this.held = false;
    this.arm(0);
  }

  private arm(delayMs: number): void {
    if (this.held || this.timer !== undefined || this.waiting === 0) return;
    this.timer = this.clock.after('mqtt connects', delayMs, () => this.tick());
  }

  private tick(): void {
    // At least one, and no more than a tick's worth saved up.
    this.allowance = Math.min(this.allowance + this.perTick, Math.max(1, this.perTick));
    while (this.allowance >= 1) {
      const next = this.urgent.shift() ?? this.patient.shift();
      if (next === undefined) break;
      if (next.run === undefined) continue;
      this.allowance--;
      next.run();
    }
    // The timer stands until here, so that what is queued meanwhile does not get a tick of its own.
    this.timer = undefined;
    this.arm(tickMs);
  }
}
