import {
  type BrokerLink,
  type BrokerPort,
  BrokerRefusal,
  type DeliveryHandler,
  type Done,
  type Message,
} from '../broker/port.js';
import { backoffMs } from '../core/backoff.js';
import type { Clock, Timer } from '../core/clock.js';
import type { Log } from '../core/log.js';

/** With what the gateway itself connects to the broker. */
export interface GatewayCredentials {
  readonly username: string;
  readonly password: Buffer;
}

/** What a gateway's own link is made of. */
export interface GatewayLinkOptions {
  readonly broker: BrokerPort;
  readonly clientId: string;
  /** With which it is let in where access is restricted. */
  readonly credentials: GatewayCredentials | undefined;
  readonly filters: readonly string[];
  readonly onMessage: DeliveryHandler;
  readonly clock: Clock;
  readonly log: Log;
}

/** The gateway's own client at the broker. It comes back when the broker has ended it. */
export class GatewayLink {
  private readonly options: GatewayLinkOptions;
  private link: BrokerLink | undefined;
  private retry: Timer | undefined;
  private failures = 0;
  private running = false;

  constructor(options: GatewayLinkOptions) {
    this.options = options;
  }

  /** Connects and subscribes; rejects with the broker's refusal. */
  async start(): Promise<void> {
    if (this.running) return;
    this.running = true;
    try {
      await this.connect();
    } catch (error) {
      this.running = false;
      throw error;
    }
  }

  stop(): void {
    this.running = false;
    this.retry?.cancel();
    this.link?.close();
    this.link = undefined;
  }

  /** Publishes for an endpoint that has no link of its own. */
  publish(message: Message, done: Done): void {
    if (this.link === undefined) done(new BrokerRefusal('UNAVAILABLE', "the gateway's link is down"));
    else this.link.publish(message, done);
  }

  private async connect(): Promise<void> {
    const { broker, clientId, credentials, filters, onMessage, log } = this.options;
    const link = await broker.open({
      clientId,
      ...credentials,
      cleanSession: true,
      patient: true,
      isGateway: true,
      protocol: 'lwm2m',
      address: 'gateway',
      onMessage,
      onClose: (reason) => {
        log.warn({ clientId, reason }, "the broker ended the gateway's link");
        this.link = undefined;
        this.reconnect();
      },
    });
    if (!this.running) return link.close();
    this.link = link;
    this.failures = 0;
    for (const filter of filters) {
      link.subscribe(filter, 1, (refusal) => {
        if (refusal !== undefined) log.error({ clientId, filter, err: refusal }, 'no commands: subscription refused');
      });
    }
  }

  private reconnect(): void {
    if (!this.running) return;
    const delay = backoffMs(this.failures++, 100, 30_000);
    this.retry = this.options.clock.after('lwm2m gateway link', delay, () => {
      this.connect().catch((error: unknown) => {
        this.options.log.warn({ err: error }, "the gateway's link was refused");
        this.reconnect();
      });
    });
  }
}
