import { backoffMs } from '../core/backoff.js';
import type { Clock, Timer } from '../core/clock.js';
import type { Log } from '../core/log.js';
import { isVersionRefusal } from './external-answers.js';
import type { Connection, ConnectionEvents, Loss } from './external-connection.js';
import type { ExternalOptions } from './external-options.js';
import type { Message } from './port.js';

/** How near to a loss of the gateway's own connection the end of another counts as the same event, ms. */
const sameEventMs = 5000;

/** Told of the broker's coming and going. */
export interface ProbeEvents {
  reached(): void;
  lost(): void;
  /** A connection of the gateway itself, in the version of MQTT to be tried. */
  connection(events: ConnectionEvents): Connection;
}

/**
 * The gateway's own connection to the broker: it finds out which MQTT is spoken, and whether the broker is there, once for
 * everybody. While it is not, no device tries.
 */
export class BrokerProbe {
  private readonly options: ExternalOptions;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly events: ProbeEvents;
  private connection: Connection | undefined;
  private retry: Timer | undefined;
  private failures = 0;
  private running = false;
  private lostAt = Number.NEGATIVE_INFINITY;
  /** What is spoken, or to be tried. */
  version: 4 | 5;
  ready = false;

  constructor(options: ExternalOptions, clock: Clock, log: Log, events: ProbeEvents) {
    this.options = options;
    this.clock = clock;
    this.log = log;
    this.events = events;
    this.version = options.version === '3.1.1' ? 4 : 5;
  }

  start(): void {
    if (this.running) return;
    this.running = true;
    this.connect();
  }

  stop(): Promise<void> {
    this.running = false;
    this.ready = false;
    this.retry?.cancel();
    const { connection } = this;
    this.connection = undefined;
    return new Promise((resolve) => {
      if (connection === undefined) resolve();
      // The broker tells, by the will, that this gateway has gone.
      else if (this.options.statsTopic !== undefined) connection.break(false, resolve);
      else connection.end(true, resolve);
    });
  }

  /** Publishes for the gateway itself, with QoS 0, if the broker is there. */
  publish(message: Message): void {
    if (this.ready) this.connection?.publish(message, () => {});
  }

  private state(state: 'online' | 'offline'): Message | undefined {
    const { statsTopic } = this.options;
    if (statsTopic === undefined) return undefined;
    return { topic: `${statsTopic}/state`, payload: Buffer.from(state), qos: 0, retain: true };
  }

  /** Whether the broker itself went away at about this time, ms. */
  lostAround(at: number): boolean {
    return !this.ready || Math.abs(this.lostAt - at) < sameEventMs;
  }

  private connect(): void {
    this.connection = this.events.connection({
      connected: () => this.onConnected(),
      lost: (loss) => this.onLost(loss),
      message: (_packet, taken) => taken(),
    });
    this.connection.connect(true, this.state('offline'));
  }

  private onConnected(): void {
    this.ready = true;
    this.failures = 0;
    const version = this.version === 5 ? '5' : '3.1.1';
    this.log.info({ broker: hostOf(this.options.url), version }, 'connected to the broker');
    const online = this.state('online');
    if (online !== undefined) this.publish(online);
    this.events.reached();
  }

  private onLost(loss: Loss): void {
    const wasReady = this.ready;
    this.ready = false;
    this.connection = undefined;
    if (wasReady) {
      this.lostAt = this.clock.now();
      this.events.lost();
    }
    if (!this.running) return;
    if (!wasReady && this.options.version === 'auto' && speaksNot(loss)) {
      this.version = this.version === 5 ? 4 : 5;
      if (this.version === 4) {
        this.connect();
        return;
      }
    }
    const delay = backoffMs(this.failures++, 250, 15_000);
    const fields = { broker: hostOf(this.options.url), reason: reasonOf(loss), retryMs: delay };
    if (wasReady) this.log.warn(fields, 'the broker is lost');
    else this.log.warn(fields, 'the broker cannot be reached: devices are told to come later');
    this.retry = this.clock.after('mqtt broker', delay, () => this.connect());
  }
}

/** Whether a loss can mean that the broker does not know this version: it says so, or hangs up. */
const speaksNot = (loss: Loss): boolean =>
  (loss.kind === 'refused' && isVersionRefusal(loss.code)) || (loss.kind === 'closed' && loss.before === 'CONNACK');

/** Why a connection is gone, for the log. */
export function reasonOf(loss: Loss): string {
  switch (loss.kind) {
    case 'refused':
    case 'broken':
      return loss.message;
    case 'told':
      return `DISCONNECT with reason ${loss.code}`;
    case 'closed':
      return loss.before === 'CONNACK' ? 'closed before CONNACK' : 'closed by the other side';
  }
}

const hostOf = (url: string): string => new URL(url).host;
