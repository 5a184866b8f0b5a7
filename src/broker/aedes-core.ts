import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Aedes, type AedesPublishPacket, type Client } from 'aedes';
import { systemClock } from '../core/clock.js';
import type { Log } from '../core/log.js';
import type { Metrics } from '../core/metrics.js';
import { noStore } from '../store/no-store.js';
import type { Store } from '../store/store.js';
import { waitForRoom } from './backpressure.js';
import type { ClientRules } from './client-rules.js';
import { noteGranted, noteRestored } from './client-state.js';
import type { EmbeddedOptions } from './embedded-options.js';
import { Exchange } from './exchange.js';
import { Forwarding } from './forwarding.js';
import { aedesHooks } from './hooks.js';
import { Persistence } from './persistence.js';
import type { Message } from './port.js';
import { PublishFirst } from './publish-first.js';
import { maxTopicLevels } from './topics.js';

/** What a broker keeps: numbers of messages, sessions and subscriptions. */
export interface Kept {
  readonly retained: number;
  /** Of clients that may come back. */
  readonly sessions: number;
  /** Of clients that are away. */
  readonly offline: number;
  readonly queued: number;
  readonly subscriptions: number;
}

/** One run of aedes, with what it stands on: the exchange, the persistence, and the MQTT clients connected. */
export class AedesCore {
  readonly exchange = new Exchange();
  readonly persistence: Persistence;
  readonly clients = new Map<string, Client>();
  private readonly aedes: Aedes;
  private readonly store: Store;
  /** Subscriptions that aedes has for itself. */
  private ownSubscriptions = 0;

  /** `connected` is told of every MQTT client that has been let in. */
  constructor(
    options: EmbeddedOptions,
    rules: ClientRules,
    log: Log,
    metrics: Metrics,
    connected: (clientId: string) => void,
  ) {
    const { store = noStore, clock = systemClock, maxClientIdLength: maxClientIdBytes = 256 } = options;
    const persistence = new Persistence({
      store,
      clock,
      queues: { limit: options.queueLimit ?? 1000, ttlMs: ttlMs(options.queueTtlSeconds) },
      retainedTtlMs: ttlMs(options.retainedExpirySeconds),
      maySubscribe: (client, filter) => rules.maySubscribe(rules.who(client), filter),
      usernameOf: (client) => rules.who(client).username,
      dropped: metrics.counter('broker.dropped_messages'),
      log,
    });
    // A new name for every run: messages are told apart by it and a number that begins anew.
    const id = randomUUID();
    const aedes: Aedes = new Aedes({
      id,
      mq: this.exchange,
      persistence,
      // Of the emitter that we replace; what is left of it is the limit of listeners on a connection, 0 being none.
      concurrency: 0,
      maxClientsIdLength: maxClientIdBytes,
      maxTopicLevels,
      connectTimeout: options.connectTimeoutMs ?? 30_000,
      drainTimeout: options.drainTimeoutMs ?? 60_000,
      maxInflightInbound: options.maxInflightInbound ?? 1000,
      // aedes looks for the wills of brokers that have gone every four heartbeats.
      heartbeatInterval: (options.willGraceMs ?? 60_000) / 4,
      ...aedesHooks({
        rules,
        maxClientIdBytes,
        publish: (message, done, clientId) => this.publish(message, done, clientId),
        publishFirst: new PublishFirst((message, done) => this.publish(message, done)),
        forwarding: new Forwarding(rules, persistence),
        whenRoom: (topic, then) => waitForRoom(clock, () => this.exchange.isFull(topic), then),
        brokerId: id,
        committed: (callback) => store.committed(callback),
        log,
        refused: metrics.counter('broker.refused_publishes'),
      }),
    });
    this.store = store;
    this.persistence = persistence;
    this.aedes = aedes;
    this.follow(log, metrics, connected);
  }

  /** Brings back what the store has. */
  async start(): Promise<void> {
    await this.aedes.listen();
    this.ownSubscriptions = this.exchange.size;
  }

  /** Takes over a connection on which an MQTT client will speak. */
  handle(stream: Duplex, request?: IncomingMessage): void {
    this.aedes.handle(stream, request);
  }

  /**
   * Publishes; `done` when it is stored as its QoS demands and everybody concerned has taken it. The steps are those of
   * aedes' own `publish`, which makes four promises of them for each message, and they cost as much as the delivery.
   */
  publish({ topic, payload, qos, retain }: Message, done: (error?: Error) => void, clientId?: string): void {
    const packet: AedesPublishPacket & { readonly clientId: string | undefined } = {
      // By which aedes knows what may not go back to its publisher.
      clientId,
      cmd: 'publish',
      brokerId: this.aedes.id,
      brokerCounter: ++counterOf(this.aedes).counter,
      topic,
      payload,
      qos,
      retain,
      dup: false,
      messageId: undefined,
    };
    this.persistence.keep(packet);
    if (qos === 0) {
      this.exchange.emit(packet, done);
      return;
    }
    this.exchange.emit(packet, (error) => {
      if (error !== undefined) done(error);
      else this.store.committed(done);
    });
  }

  /** What is kept, sessions whose clients are away, and the subscriptions of everybody. */
  get kept(): Kept {
    let offline = 0;
    let subscriptions = this.exchange.size - this.ownSubscriptions;
    for (const [clientId, size] of this.persistence.sessionSizes()) {
      if (this.clients.has(clientId)) continue;
      offline++;
      subscriptions += size;
    }
    return { ...this.persistence.counts, offline, subscriptions };
  }

  /** Ends every connection. */
  close(): Promise<void> {
    return new Promise((resolve) => this.aedes.close(resolve));
  }

  private follow(log: Log, metrics: Metrics, connected: (clientId: string) => void): void {
    const { aedes, clients } = this;
    const errors = metrics.counter('broker.client_errors');
    const clientError = (client: Client, error: Error): void => {
      errors.value++;
      log.debug({ err: error, clientId: client.id }, 'MQTT client connection failed');
    };
    aedes.on('clientError', clientError);
    aedes.on('connectionError', clientError);
    aedes.on('client', (client) => {
      clients.set(client.id, client);
      connected(client.id);
    });
    aedes.on('clientDisconnect', (client) => {
      if (clients.get(client.id) === client) clients.delete(client.id);
    });
    aedes.on('subscribe', (subscriptions, client) => noteGranted(client, subscriptions));
    aedes.on('clientReady', noteRestored);
    // An EventEmitter's own event, which aedes uses for failures of its persistence without declaring it.
    EventEmitter.prototype.on.call(aedes, 'error', (error: Error) => log.error({ err: error }, 'broker failure'));
  }
}

/** aedes numbers its messages with a counter that it does not declare. The two of us must not give a number twice. */
const counterOf = (aedes: Aedes): { counter: number } => aedes as Aedes & { counter: number };

const ttlMs = (seconds: number | undefined): number => (seconds ?? Number.POSITIVE_INFINITY) * 1000;
