import type { Clock } from '../core/clock.js';
import type { Log } from '../core/log.js';
import type { Counter, Metrics } from '../core/metrics.js';

/** What can be wrong, and how it reads in the log. */
const complaints = {
  malformed: ['debug', 'Datagrams that are no CoAP messages'],
  unmatched: ['debug', 'Responses and acknowledgements that belong to nothing'],
  bad_options: ['debug', 'Messages with critical options that are not understood'],
  refused: ['debug', 'Requests refused before any handler'],
  overload: ['warn', 'Requests dropped because too many are being handled'],
  transfers: ['debug', 'Block-wise transfers that broke off'],
  handler_errors: ['error', 'Requests whose handler failed'],
  callback_errors: ['error', 'Callbacks that failed'],
} as const satisfies Record<string, readonly ['debug' | 'warn' | 'error', string]>;

/** A kind of trouble; its counter is `coap.<kind>`. */
export type Complaint = keyof typeof complaints;

interface Tally {
  readonly counter: Counter;
  loggedAt: number;
  loggedValue: number;
}

const quietMs = 10_000;

/** Counts what goes wrong, and logs each kind at most every ten seconds: a flood of rubbish must not flood the log. */
export class Complaints {
  private readonly tallies: Record<Complaint, Tally>;
  private readonly log: Log;
  private readonly clock: Clock;

  constructor(log: Log, clock: Clock, metrics: Metrics) {
    this.log = log;
    this.clock = clock;
    this.tallies = Object.fromEntries(
      Object.keys(complaints).map((kind) => [
        kind,
        { counter: metrics.counter(`coap.${kind}`), loggedAt: Number.NEGATIVE_INFINITY, loggedValue: 0 },
      ]),
    ) as Record<Complaint, Tally>;
  }

  /** Counts one; `detail` is an Error or a few words. */
  add(kind: Complaint, address: string, detail: unknown): void {
    const tally = this.tallies[kind];
    tally.counter.value++;
    const [level, message] = complaints[kind];
    if (!this.log.isLevelEnabled(level)) return;
    const now = this.clock.now();
    if (now - tally.loggedAt < quietMs) return;
    const count = tally.counter.value - tally.loggedValue;
    tally.loggedAt = now;
    tally.loggedValue = tally.counter.value;
    const why = level === 'error' ? { err: detail } : { example: detail instanceof Error ? detail.message : detail };
    this.log[level]({ count, peer: address, ...why }, message);
  }
}
