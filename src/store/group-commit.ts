import { IsthmusError } from '../core/errors.js';
import type { Log } from '../core/log.js';
import type { Committed } from './store.js';

/** The writes of one batch: the last one of each key; `undefined` deletes. */
export type Batch = ReadonlyMap<string, Buffer | undefined>;

/**
 * Gathers writes into batches: one is written at a time, and what comes meanwhile makes the next. Each batch waits for the
 * end of the current turn of the event loop, so that what belongs together stays together.
 */
export class GroupCommit {
  private readonly write: (batch: Batch) => Promise<void>;
  private readonly log: Log;
  private readonly retryMs: number;
  private gathering = new Map<string, Buffer | undefined>();
  private waiting: Committed[] = [];
  private inFlight: Batch | undefined;
  private inFlightWaiting: Committed[] = [];
  private scheduled = false;
  private failed = false;

  constructor(write: (batch: Batch) => Promise<void>, log: Log, retryMs = 1000) {
    this.write = write;
    this.log = log;
    this.retryMs = retryMs;
  }

  /** Notes a write; `undefined` deletes. */
  set(key: string, value: Buffer | undefined): void {
    this.gathering.set(key, value);
    this.schedule();
  }

  /** What a key will have when all is written. `found` is false when nothing waits to be written for it. */
  peek(key: string): { readonly found: boolean; readonly value: Buffer | undefined } {
    const batch = this.gathering.has(key) ? this.gathering : this.inFlight;
    return { found: batch?.has(key) ?? false, value: batch?.get(key) };
  }

  /** Calls back when everything noted so far is written, at once if it is. */
  committed(callback: Committed): void {
    if (this.gathering.size > 0) this.waiting.push(callback);
    else if (this.inFlight !== undefined) this.inFlightWaiting.push(callback);
    else callback();
  }

  /** One flush at a time, and each at the end of a turn: also what callbacks of the last one begin stays together. */
  private schedule(): void {
    if (this.scheduled || this.inFlight !== undefined || this.failed || this.gathering.size === 0) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      void this.flush();
    });
  }

  private async flush(): Promise<void> {
    const batch = this.gathering;
    this.inFlight = batch;
    this.inFlightWaiting = this.waiting;
    this.gathering = new Map();
    this.waiting = [];
    let error: IsthmusError | undefined;
    try {
      await this.write(batch);
    } catch (cause) {
      error = new IsthmusError('STORE', `cannot write: ${(cause as Error).message}`, { cause });
      this.keepForRetry(batch, error);
    }
    const callbacks = this.inFlightWaiting;
    this.inFlight = undefined;
    this.inFlightWaiting = [];
    for (const callback of callbacks) callback(error);
    this.schedule();
  }

  private keepForRetry(batch: Batch, error: IsthmusError): void {
    this.log.error({ err: error, writes: batch.size, retryMs: this.retryMs }, 'the store cannot be written');
    const merged = new Map(batch);
    for (const [key, value] of this.gathering) merged.set(key, value);
    this.gathering = merged;
    this.failed = true;
    setTimeout(() => {
      this.failed = false;
      this.schedule();
    }, this.retryMs).unref();
  }
}
