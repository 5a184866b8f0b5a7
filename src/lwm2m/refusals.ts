import type { Clock } from '../core/clock.js';
import type { Peer } from '../core/datagram.js';
import { nameOfIdentity } from '../core/identity.js';
import type { Log } from '../core/log.js';
import type { Counter, Metrics } from '../core/metrics.js';

/** Why an endpoint name is not given to a peer. */
const reasons = {
  identity: 'the endpoint name is not that of the proven identity',
  owner: 'the endpoint is registered by another identity',
  gateway: "the endpoint name is the gateway's own client id",
} as const;

const quietMs = 10_000;

/**
 * Counts registrations refused with 4.03, and logs each reason at most every ten seconds: a device that tries for ever,
 * or a forger, must not flood the log.
 */
export class Refusals {
  private readonly log: Log;
  private readonly clock: Clock;
  private readonly counter: Counter;
  private readonly last = new Map<keyof typeof reasons, { at: number; since: number }>();

  constructor(log: Log, clock: Clock, metrics: Metrics) {
    this.log = log;
    this.clock = clock;
    this.counter = metrics.counter('lwm2m.refused_names');
  }

  add(reason: keyof typeof reasons, endpoint: string, { address, identity }: Peer): void {
    this.counter.value++;
    const now = this.clock.now();
    const last = this.last.get(reason);
    if (last !== undefined && now - last.at < quietMs) {
      last.since++;
      return;
    }
    const count = 1 + (last?.since ?? 0);
    this.last.set(reason, { at: now, since: 0 });
    const who = identity === undefined ? {} : { identity: nameOfIdentity(identity) ?? identity.kind };
    this.log.warn({ endpoint, address, ...who, count }, `a registration was refused: ${reasons[reason]}`);
  }
}
