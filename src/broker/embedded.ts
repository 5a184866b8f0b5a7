import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Aedes, type Client } from 'aedes';
import type { Log } from '../core/log.js';
import type { Counter, Metrics } from '../core/metrics.js';
import type { Authenticator, Authorizer, Who } from './auth.js';
import { Exchange, messageOf, type Subscription } from './exchange.js';
import { noteGranted, noteRestored } from './granted-qos.js';
import { aedesHooks } from './hooks.js';
import { inTurn } from './in-turn.js';
import { EmbeddedLink, type LinkHost } from './link.js';
import { Persistence } from './persistence.js';
import {
  type BrokerLink,
  type BrokerPort,
  BrokerRefusal,
  type Done,
  type LinkOptions,
  type Message,
  type QoS,
} from './port.js';
import { isTopicName, maxTopicLevels } from './topics.js';

/** How the embedded broker is to behave. */
export interface EmbeddedOptions {
  /** Who may connect; everybody if absent. */
  readonly authenticator?: Authenticator;
  /** What clients may do; everything but to publish to `$SYS/` if absent. */
  readonly authorizer?: Authorizer;
  /** Longest client id of an MQTT client, in characters; default 256. */
  readonly maxClientIdLength?: number;
  /** How long a connection may wait with its CONNECT, ms; default 30,000. */
  readonly connectTimeoutMs?: number;
  /** How long a client may leave its socket unread before it is dropped, ms; default 60,000. */
  readonly drainTimeoutMs?: number;
  /** QoS 2 messages one client may have begun and not released; default 1000. */
  readonly maxInflightInbound?: number;
}

/**
 * An MQTT 3.1.1 broker in this process: aedes for MQTT clients, whose connections the listeners hand over, and links
 * for the devices; both meet at the exchange.
 */
export class EmbeddedBroker implements BrokerPort, LinkHost {
  private readonly options: EmbeddedOptions;
  private readonly log: Log;
  private readonly refused: Counter;
  private readonly clientErrors: Counter;
  private readonly links = new Map<string, EmbeddedLink>();
  private readonly clients = new Map<string, Client>();
  private readonly persistence = new Persistence();
  private exchange = new Exchange();
  private aedes: Aedes | undefined;

  constructor(options: EmbeddedOptions, log: Log, metrics: Metrics) {
    this.options = options;
    this.log = log;
    this.refused = metrics.counter('broker.refused_publishes');
    this.clientErrors = metrics.counter('broker.client_errors');
  }

  /** Links and MQTT clients that are connected. */
  get connected(): { readonly links: number; readonly clients: number } {
    return { links: this.links.size, clients: this.clients.size };
  }

  async start(): Promise<void> {
    if (this.aedes !== undefined) return;
    const { options, log } = this;
    const maxClientIdLength = options.maxClientIdLength ?? 256;
    this.exchange = new Exchange();
    const aedes = new Aedes({
      mq: this.exchange,
      persistence: this.persistence,
      // Of the emitter that we replace; what is left of it is the limit of listeners on a connection, 0 being none.
      concurrency: 0,
      maxClientsIdLength: maxClientIdLength,
      maxTopicLevels,
      connectTimeout: options.connectTimeoutMs ?? 30_000,
      drainTimeout: options.drainTimeoutMs ?? 60_000,
      maxInflightInbound: options.maxInflightInbound ?? 1000,
      ...aedesHooks({
        authenticator: options.authenticator,
        authorizer: options.authorizer,
        maxClientIdLength,
        forgetQueued: ({ id }, packet) => this.persistence.forgetQueued(id, packet),
        log,
        refused: this.refused,
      }),
    });
    aedes.on('client', (client) => {
      this.clients.set(client.id, client);
      // Known and let in: from here on this client id is its own [MQTT-3.1.4-2].
      this.links.get(client.id)?.end('takeover');
    });
    aedes.on('clientDisconnect', (client) => {
      if (this.clients.get(client.id) === client) this.clients.delete(client.id);
    });
    aedes.on('subscribe', (subscriptions, client) => noteGranted(client, subscriptions));
    aedes.on('clientReady', noteRestored);
    const clientError = (client: Client, error: Error): void => {
      this.clientErrors.value++;
      log.debug({ err: error, clientId: client.id }, 'MQTT client connection failed');
    };
    aedes.on('clientError', clientError);
    aedes.on('connectionError', clientError);
    // An EventEmitter's own event, which aedes uses for failures of its persistence without declaring it.
    EventEmitter.prototype.on.call(aedes, 'error', (error: Error) => log.error({ err: error }, 'broker failure'));
    await aedes.listen();
    this.aedes = aedes;
  }

  async stop(): Promise<void> {
    const { aedes } = this;
    if (aedes === undefined) return;
    for (const link of this.links.values()) link.end('lost');
    await new Promise<void>((resolve) => aedes.close(resolve));
    this.aedes = undefined;
    this.clients.clear();
  }

  /** Takes over a connection on which an MQTT client will speak. */
  handleConnection(stream: Duplex, request?: IncomingMessage): void {
    if (this.aedes === undefined) stream.destroy();
    else this.aedes.handle(stream, request);
  }

  async open(options: LinkOptions): Promise<BrokerLink> {
    const { clientId, username } = options;
    await this.authenticate(options);
    if (this.aedes === undefined) throw new BrokerRefusal('UNAVAILABLE', 'the broker is not running');
    this.kick(clientId, 'takeover');
    if (options.cleanSession) await this.persistence.cleanSubscriptions({ id: clientId });
    // While that was waited for another may have come.
    this.kick(clientId, 'takeover');
    const link = new EmbeddedLink(this, { clientId, username }, options.onMessage, options.onClose);
    this.links.set(clientId, link);
    this.log.debug({ clientId, protocol: options.protocol, address: options.address }, 'link opened');
    return link;
  }

  private async authenticate({ clientId, username, password }: LinkOptions): Promise<void> {
    let allowed: boolean;
    try {
      allowed = (await this.options.authenticator?.check({ clientId, username, password })) ?? true;
    } catch (error) {
      this.log.warn({ err: error, clientId }, 'the password could not be checked');
      throw new BrokerRefusal('UNAVAILABLE', `${clientId}: the password could not be checked`, { cause: error });
    }
    if (!allowed) throw new BrokerRefusal('BAD_CREDENTIALS', `${clientId}: bad user name or password`);
  }

  /** Ends the connection of a client, link or MQTT; gives whether there was one. */
  kick(clientId: string, reason: 'takeover' | 'kicked' = 'kicked'): boolean {
    const link = this.links.get(clientId);
    const client = this.clients.get(clientId);
    link?.end(reason);
    client?.close();
    return link !== undefined || client !== undefined;
  }

  publish(who: Who, message: Message, done: Done): void {
    const { aedes } = this;
    const { topic } = message;
    if (aedes === undefined) done(new BrokerRefusal('UNAVAILABLE', 'the broker is not running'));
    else if (!isTopicName(topic)) done(new BrokerRefusal('BAD_TOPIC', `not a topic name: ${topic}`));
    else if (topic.startsWith('$SYS/') || !(this.options.authorizer?.mayPublish(who, topic) ?? true)) {
      this.refused.value++;
      done(new BrokerRefusal('NOT_AUTHORIZED', `${who.clientId} may not publish to ${topic}`));
    } else {
      const { payload, qos, retain } = message;
      aedes.publish({ cmd: 'publish', topic, payload, qos, retain, dup: false }, (error) =>
        error ? done(new BrokerRefusal('UNAVAILABLE', error.message, { cause: error })) : done(),
      );
    }
  }

  maySubscribe(who: Who, filter: string): boolean {
    return this.options.authorizer?.maySubscribe(who, filter) ?? true;
  }

  mayReceive(who: Who, topic: string): boolean {
    return this.options.authorizer?.mayReceive(who, topic) ?? true;
  }

  add(subscription: Subscription): void {
    this.exchange.add(subscription);
  }

  remove(subscription: Subscription): void {
    this.exchange.remove(subscription);
  }

  sendRetained(subscription: Subscription): void {
    inTurn(
      this.persistence.retainedUnder(subscription.filter),
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
}
