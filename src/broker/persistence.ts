import { Readable } from 'node:stream';
import type { AedesPublishPacket, PubrelPacket, Subscription } from 'aedes';
import type { Clock } from '../core/clock.js';
import { attempt, DecodeError } from '../core/errors.js';
import type { Log } from '../core/log.js';
import type { Counter } from '../core/metrics.js';
import { safe } from '../store/safe.js';
import type { Store, Table } from '../store/store.js';
import type { ClientRef } from './client-rules.js';
import { isLive } from './forwarding.js';
import { type OutgoingPacket, OutgoingQueues, type QueueLimits } from './outgoing-queues.js';
import type { QoS } from './port.js';
import { QueueReader } from './queue-reader.js';
import { ReceivedIds } from './received-ids.js';
import { RetainedStore } from './retained-store.js';
import { SessionSubscriptions, type StoredSubscription } from './session-subscriptions.js';
import { decodeWill, encodeWill, type Will } from './stored-records.js';

/** What the persistence needs to know. */
export interface PersistenceOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly queues: QueueLimits;
  /** How long retained messages are kept; Infinity for ever. */
  readonly retainedTtlMs: number;
  /** aedes stores every filter of a SUBSCRIBE, the refused ones as well: this keeps them out. */
  readonly maySubscribe: (client: ClientRef, filter: string) => boolean;
  /** Under which name a client was let in: its will has its rights, also after a crash. */
  readonly usernameOf: (client: ClientRef) => string | undefined;
  readonly dropped: Counter;
  readonly log: Log;
}

/** A client whose session may end with its connection. */
type SessionRef = ClientRef & { readonly clean?: boolean };

/**
 * What aedes must remember for its MQTT clients, in memory and in the store. Follows aedes' persistence interface, with
 * two rules of MQTT's that aedes leaves to it: a message waits once for a client however many of its filters match, and
 * with the lower QoS of the publication and the subscription.
 *
 * What belongs to one publication is put in one go, without waiting, and so is kept whole or not at all; `committed` is
 * awaited once at its end. Only the other steps of a handshake wait for their own writes.
 */
export class Persistence {
  private readonly options: PersistenceOptions;
  private readonly retained: RetainedStore;
  private readonly subscriptions: SessionSubscriptions;
  private readonly outgoing: OutgoingQueues;
  private readonly received: ReceivedIds;
  private readonly readers = new WeakMap<ClientRef, QueueReader>();
  private readonly willTable: Table;
  private readonly wills = new Map<string, Will>();
  private broker: { readonly id: string } = { id: '' };

  constructor(options: PersistenceOptions) {
    const { store, clock, queues, retainedTtlMs, dropped } = options;
    this.options = options;
    this.retained = new RetainedStore(store.table('broker.retained'), clock, retainedTtlMs);
    this.subscriptions = new SessionSubscriptions(store.table('broker.subscriptions'));
    this.outgoing = new OutgoingQueues(store.table('broker.outgoing'), queues, clock, dropped);
    this.received = new ReceivedIds(store.table('broker.received'));
    this.willTable = store.table('broker.wills');
  }

  /** Brings back what the store has. */
  async setup(broker: { readonly id: string }): Promise<void> {
    this.broker = broker;
    const strange = [...(await this.retained.load()), ...(await this.outgoing.load(broker.id))];
    await this.subscriptions.load();
    await this.received.load();
    for await (const [clientId, value] of this.willTable.entries()) {
      const will = attempt(() => decodeWill(clientId, value));
      if (will instanceof DecodeError) strange.push(clientId);
      else this.wills.set(clientId, will);
    }
    if (strange.length > 0) {
      this.options.log.warn({ keys: strange.slice(0, 10), count: strange.length }, 'records of the store skipped');
    }
  }

  /** Every session's client id and how many subscriptions it has. */
  sessionSizes(): Iterable<readonly [clientId: string, subscriptions: number]> {
    return this.subscriptions.sizes();
  }

  /** What is remembered now, for metrics. */
  get counts(): { readonly retained: number; readonly sessions: number; readonly queued: number } {
    const { clientsCount: sessions } = this.subscriptions.count;
    return { retained: this.retained.size, sessions, queued: this.outgoing.size };
  }

  /** All that a publication leaves behind: the retained message, and one for everybody who will ask for it. */
  keep(packet: AedesPublishPacket): void {
    if (packet.retain) this.retained.put(packet);
    if (packet.qos > 0) this.enqueue(this.subscriptions.matching(packet.topic), packet);
  }

  async storeRetained(packet: AedesPublishPacket): Promise<void> {
    this.retained.put(packet);
  }

  /** The retained messages under a filter. */
  retainedUnder(filter: string): AedesPublishPacket[] {
    return this.retained.under(filter);
  }

  createRetainedStream(filter: string): Readable {
    return Readable.from(this.retained.under(filter));
  }

  createRetainedStreamCombi(filters: string[]): Readable {
    return Readable.from(new Set(filters.flatMap((filter) => this.retained.under(filter))));
  }

  async addSubscriptions(client: ClientRef, subscriptions: Subscription[]): Promise<void> {
    for (const subscription of subscriptions) {
      if (this.options.maySubscribe(client, subscription.topic)) this.subscriptions.add(client.id, subscription);
    }
    await this.committed();
  }

  async removeSubscriptions(client: ClientRef, filters: string[]): Promise<void> {
    for (const filter of filters) this.subscriptions.remove(client.id, filter);
    await this.committed();
  }

  async subscriptionsByClient(client: ClientRef): Promise<Subscription[]> {
    return this.subscriptions.of(client.id);
  }

  async subscriptionsByTopic(topic: string): Promise<StoredSubscription[]> {
    return this.subscriptions.matching(topic);
  }

  /** Ends a session: its subscriptions, and what waited for it. */
  async cleanSubscriptions(client: ClientRef): Promise<void> {
    this.outgoing.clear(client.id);
    if (this.subscriptions.clear(client.id)) await this.committed();
  }

  async countOffline(): Promise<{ subsCount: number; clientsCount: number }> {
    return this.subscriptions.count;
  }

  getClientList(filter: string): Readable {
    return Readable.from(this.subscriptions.clientsOf(filter));
  }

  async outgoingEnqueue(subscription: { readonly clientId: string }, packet: AedesPublishPacket): Promise<void> {
    this.outgoing.enqueue(subscription.clientId, packet, packet.qos);
  }

  async outgoingEnqueueCombi(subscriptions: StoredSubscription[], packet: AedesPublishPacket): Promise<void> {
    this.enqueue(subscriptions, packet);
  }

  async outgoingUpdate(client: ClientRef, packet: OutgoingPacket): Promise<void> {
    // What aedes sends from the queue has its number, and what it sends as it is published says so.
    if ('brokerCounter' in packet && !isLive(packet)) this.readers.get(client)?.sent();
    if (packet.cmd === 'pubrel') this.outgoing.releasing(client.id, packet);
    else if (!this.outgoing.sending(client.id, packet)) return;
    await this.committed();
  }

  async outgoingClearMessageId(
    client: ClientRef,
    packet: { readonly messageId?: number },
  ): Promise<OutgoingPacket | undefined> {
    // aedes asks with no message id for every duplicate that it drops; what waits to be sent has none either.
    return packet.messageId === undefined ? undefined : this.outgoing.acknowledged(client.id, packet.messageId);
  }

  /** A client with a persistent session has been let in: its queue will be read. */
  expect(client: ClientRef): void {
    this.readers.set(client, new QueueReader(() => this.outgoing.unsent(client)));
  }

  /** Whether a message may be sent on this connection as it is published, and not from the queue. */
  claim(client: ClientRef, { brokerCounter }: AedesPublishPacket): boolean {
    const reading = this.readers.get(client)?.finished === false;
    if (reading && this.outgoing.has(client.id, brokerCounter)) return false;
    return this.outgoing.claim(client, brokerCounter);
  }

  /** Takes a message out of a client's queue that it may not have. */
  forget(client: ClientRef, packet: AedesPublishPacket): void {
    this.outgoing.forget(client.id, packet.brokerCounter);
  }

  /** Whether a queued message is being sent again. */
  isRepetition(client: ClientRef, packet: AedesPublishPacket): boolean {
    return this.outgoing.isRepetition(client.id, packet.brokerCounter);
  }

  outgoingStream(client: ClientRef): Readable {
    return Readable.from(this.readers.get(client)?.packets() ?? this.outgoing.of(client.id));
  }

  async incomingStorePacket(client: SessionRef, packet: AedesPublishPacket): Promise<void> {
    this.received.add(client.id, packet, client.clean !== true);
  }

  async incomingGetPacket(client: ClientRef, packet: { readonly messageId?: number }): Promise<AedesPublishPacket> {
    const found = this.received.get(client.id, packet.messageId);
    if (found === undefined) throw new Error('no such packet');
    // A repetition is acknowledged at once: not before its original is safe.
    await this.committed();
    return found;
  }

  async incomingDelPacket(client: ClientRef, packet: PubrelPacket | AedesPublishPacket): Promise<void> {
    if (!this.received.delete(client.id, packet.messageId)) throw new Error('no such packet');
    // If the id came back after a crash, the next message that has it would be taken for a repetition.
    await this.committed();
  }

  async cleanIncoming(client: ClientRef): Promise<void> {
    this.received.clear(client.id);
  }

  async putWill(client: ClientRef, will: Will): Promise<void> {
    will.brokerId = this.broker.id;
    will.clientId = client.id;
    this.wills.set(client.id, will);
    this.willTable.put(client.id, encodeWill({ ...will, username: this.options.usernameOf(client) }));
    await this.committed();
  }

  async getWill(client: ClientRef): Promise<Will | undefined> {
    return this.wills.get(client.id);
  }

  async delWill(client: ClientRef): Promise<Will | undefined> {
    const will = this.wills.get(client.id);
    if (will === undefined) return undefined;
    this.wills.delete(client.id);
    this.willTable.delete(client.id);
    return will;
  }

  /** The wills of clients whose broker is not among those known to live. */
  streamWill(brokers: Readonly<Record<string, unknown>> = {}): Readable {
    return Readable.from([...this.wills.values()].filter((will) => brokers[will.brokerId] === undefined));
  }

  async destroy(): Promise<void> {
    await this.committed();
  }

  private enqueue(subscriptions: StoredSubscription[], packet: AedesPublishPacket): void {
    if (subscriptions.length === 0) return;
    const granted = new Map<string, QoS>();
    for (const { clientId, qos } of subscriptions) {
      granted.set(clientId, Math.max(granted.get(clientId) ?? 0, Math.min(qos, packet.qos)) as QoS);
    }
    for (const [clientId, qos] of granted) this.outgoing.enqueue(clientId, packet, qos);
  }

  /** Resolves when all that was put so far is safe. */
  private committed(): Promise<void> {
    return safe(this.options.store);
  }
}
