import type { Random } from '../core/backoff.js';
import type { Clock, Timer } from '../core/clock.js';
import type { Peer } from '../core/datagram.js';
import { encode } from './encode.js';

/** What a gateway tells about itself. */
export interface DiscoveryOptions {
  readonly gatewayId: number;
  /** Between two ADVERTISE messages, seconds; what is over 65,535 is announced as that. */
  readonly advertiseSeconds: number;
  readonly random: Random;
}

/** The longest time that ADVERTISE can announce: its Duration has 16 bits. */
const longestSeconds = 65_535;

/** Announces the gateway to groups and broadcast addresses [SN 6.1]. */
export class Discovery {
  private readonly clock: Clock;
  private readonly options: DiscoveryOptions;
  private audience: readonly Peer[] = [];
  private timer: Timer | undefined;

  constructor(clock: Clock, options: DiscoveryOptions) {
    this.clock = clock;
    this.options = options;
  }

  /** Begins to announce; the first time soon, so that waiting devices need not search. */
  start(audience: readonly Peer[]): void {
    if (audience.length === 0 || this.timer !== undefined) return;
    this.audience = audience;
    this.wait(this.options.random() * 1000);
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  private advertise(): void {
    const { gatewayId, advertiseSeconds, random } = this.options;
    const durationSeconds = Math.min(advertiseSeconds, longestSeconds);
    const datagram = encode({ type: 'ADVERTISE', gatewayId, durationSeconds });
    for (const peer of this.audience) peer.send(datagram);
    // A little earlier than announced, each time differently: late would look like a lost gateway, and several
    // gateways that start together must not go on speaking together.
    this.wait(durationSeconds * 1000 * (1 - 0.1 * random()));
  }

  private wait(ms: number): void {
    this.timer = this.clock.after('mqttsn advertise', ms, () => this.advertise());
  }
}
