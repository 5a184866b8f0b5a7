import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Log } from '../core/log.js';
import type { Counter, Metrics } from '../core/metrics.js';
import { AedesCore, type Kept } from './aedes-core.js';
import type { Who } from './auth.js';
import { ClientRules } from './client-rules.js';
import type { EmbeddedOptions } from './embedded-options.js';
import { messageOf, type Subscription } from './exchange.js';
import { inTurn } from './in-turn.js';
import { EmbeddedLink, type LinkHost } from './link.js';
import {
  type BrokerLink,
  type BrokerPort,
  BrokerRefusal,
  type Done,
  type LinkOptions,
  type Message,
  type QoS,
} from './port.js';
import { isTopicName } from './topics.js';

/**
 * An MQTT 3.1.1 broker in this process: aedes for MQTT clients, whose connections the listeners hand over, and links
 * for the devices; both meet at the exchange.
 */
export class EmbeddedBroker implements BrokerPort, LinkHost {
  /** Links stay open for who is away: the queues of devices are the gateway's. */
  readonly keepsSessions = false;
  private readonly options: EmbeddedOptions;
  private readonly log: Log;
  private readonly metrics: Metrics;
  private readonly refused: Counter;
  private readonly rules: ClientRules;
  private readonly links = new Map<string, EmbeddedLink>();
  private core: AedesCore | undefined;

  constructor(options: EmbeddedOptions, log: Log, metrics: Metrics) {
    this.options = options;
    this.log = log;
    this.metrics = metrics;
    this.refused = metrics.counter('broker.refused_publishes');
    this.rules = new ClientRules(options.authenticator, options.authorizer);
  }

  get ready(): boolean {
    return this.core !== undefined;
  }

  /** Links and MQTT clients that are connected. */
  get connected(): { readonly links: number; readonly clients: number } {
    return { links: this.links.size, clients: this.core?.clients.size ?? 0 };
  }

  /** What is retained, kept for clients that may come back, and subscribed to. */
  get kept(): Kept {
    return this.core?.kept ?? { retained: 0, sessions: 0, offline: 0, queued: 0, subscriptions: 0 };
  }

  async start(): Promise<void> {
    if (this.core !== undefined) return;
    const core = new AedesCore(this.options, this.rules, this.log, this.metrics, (clientId) => {
      // Known and let in: from here on this client id is its own [MQTT-3.1.4-2].
      this.links.get(clientId)?.end('takeover');
    });
    await core.start();
    this.core = core;
  }

  async stop(): Promise<void> {
    const { core } = this;
    if (core === undefined) return;
    for (const link of this.links.values()) link.end('lost');
    await core.close();
    this.core = undefined;
  }

  /** Takes over a connection on which an MQTT client will speak. */
  handleConnection(stream: Duplex, request?: IncomingMessage): void {
    if (this.core === undefined) stream.destroy();
    else this.core.handle(stream, request);
  }

  async open(options: LinkOptions): Promise<BrokerLink> {
    const { clientId, username } = options;
    await this.authenticate(options);
    const { core } = this;
    if (core === undefined) throw notRunning();
    this.kick(clientId, 'takeover');
    if (options.cleanSession) await core.persistence.cleanSubscriptions({ id: clientId });
    // While that was waited for another may have come.
    this.kick(clientId, 'takeover');
    const link = new EmbeddedLink(this, { clientId, username }, options.onMessage, options.onClose);
    this.links.set(clientId, link);
    this.log.debug({ clientId, protocol: options.protocol, address: options.address }, 'link opened');
    return link;
  }

  /** Ends the connection of a client, link or MQTT; gives whether there was one. */
  kick(clientId: string, reason: 'takeover' | 'kicked' = 'kicked'): boolean {
    const link = this.links.get(clientId);
    const client = this.core?.clients.get(clientId);
    link?.end(reason);
    client?.close();
    return link !== undefined || client !== undefined;
  }

  publish(who: Who, message: Message, done: Done): void {
    const { topic } = message;
    if (this.core === undefined) done(notRunning());
    else if (!isTopicName(topic)) done(new BrokerRefusal('BAD_TOPIC', `not a topic name: ${topic}`));
    else if (!this.rules.mayPublish(who, topic)) {
      this.refused.value++;
      done(new BrokerRefusal('NOT_AUTHORIZED', `${who.clientId} may not publish to ${topic}`));
    } else if (message.qos > 0 && this.core.exchange.isFull(topic)) {
      done(new BrokerRefusal('UNAVAILABLE', `a receiver of ${topic} can take no more`));
    } else {
      this.core.publish(message, (error) =>
        error ? done(new BrokerRefusal('UNAVAILABLE', error.message, { cause: error })) : done(),
      );
    }
  }

  /** Publishes a retained message under `$SYS/`, where no client may. */
  publishSystem(topic: string, payload: string): void {
    this.core?.publish({ topic, payload: Buffer.from(payload), qos: 0, retain: true }, () => {});
  }

  maySubscribe(who: Who, filter: string): boolean {
    return this.rules.maySubscribe(who, filter);
  }

  mayReceive(who: Who, topic: string): boolean {
    return this.rules.mayReceive(who, topic);
  }

  countFull(change: 1 | -1): void {
    if (this.core !== undefined) this.core.exchange.full += change;
  }

  add(subscription: Subscription): void {
    this.core?.exchange.add(subscription);
  }

  remove(subscription: Subscription): void {
    subscription.active = false;
    this.core?.exchange.remove(subscription);
  }

  sendRetained(subscription: Subscription): void {
    inTurn(
      this.core?.persistence.retainedUnder(subscription.filter) ?? [],
      () => subscription.active,
      (packet, taken) => {
        const qos = Math.min(packet.qos, subscription.qos) as QoS;
        subscription.subscriber.receive(messageOf(packet, qos, true), taken);
      },
    );
  }

  forget(link: EmbeddedLink): void {
    if (this.links.get(link.clientId) === link) this.links.delete(link.clientId);
  }

  private async authenticate({ clientId, username, password }: LinkOptions): Promise<void> {
    let allowed: boolean;
    try {
      allowed = await this.rules.check({ clientId, username, password });
    } catch (error) {
      this.log.warn({ err: error, clientId }, 'the password could not be checked');
      throw new BrokerRefusal('UNAVAILABLE', `${clientId}: the password could not be checked`, { cause: error });
    }
    if (!allowed) throw new BrokerRefusal('BAD_CREDENTIALS', `${clientId}: bad user name or password`);
  }
}

const notRunning = (): BrokerRefusal => new BrokerRefusal('UNAVAILABLE', 'the broker is not running');
