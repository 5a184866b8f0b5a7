import { Readable } from 'node:stream';
import type { AedesPublishPacket, PubrelPacket, Subscription } from 'aedes';
import { FilterIndex } from './filter-index.js';
import type { QoS } from './port.js';
import { RetainedMessages } from './retained-messages.js';

/** A client as far as aedes names it to its persistence. */
export interface ClientRef {
  readonly id: string;
}

/** A subscription of a persistent session. */
export type StoredSubscription = Subscription & { readonly clientId: string };

/** What waits for a client: a message, or the release of one that it has received. */
export type Outgoing = AedesPublishPacket | (PubrelPacket & { brokerId?: string; brokerCounter?: number });

/** A will as aedes stores it. */
export type Will = Omit<AedesPublishPacket, 'cmd'> & { clientId?: string };

/**
 * What aedes must remember for its MQTT clients, in memory. Follows aedes' persistence interface, with two rules of
 * MQTT's that aedes leaves to it: a message waits once for a client however many of its filters match, and with the
 * lower QoS of the publication and the subscription.
 */
export class Persistence {
  private readonly retained = new RetainedMessages<AedesPublishPacket>();
  private readonly sessions = new Map<string, Map<string, StoredSubscription>>();
  private readonly filters = new FilterIndex<StoredSubscription>();
  private readonly outgoing = new Map<string, Outgoing[]>();
  private readonly incoming = new Map<string, Map<number, AedesPublishPacket>>();
  private readonly wills = new Map<string, Will>();
  private broker: { readonly id: string } = { id: '' };

  async setup(broker: { readonly id: string }): Promise<void> {
    this.broker = broker;
  }

  async storeRetained(packet: AedesPublishPacket): Promise<void> {
    if (packet.payload.length === 0) this.retained.delete(packet.topic);
    else this.retained.set(packet.topic, { ...packet, payload: Buffer.from(packet.payload) });
  }

  /** The retained messages under a filter. */
  retainedUnder(filter: string): AedesPublishPacket[] {
    return this.retained.match(filter);
  }

  createRetainedStream(filter: string): Readable {
    return Readable.from(this.retained.match(filter));
  }

  createRetainedStreamCombi(filters: string[]): Readable {
    return Readable.from(new Set(filters.flatMap((filter) => this.retained.match(filter))));
  }

  async addSubscriptions(client: ClientRef, subscriptions: Subscription[]): Promise<void> {
    let session = this.sessions.get(client.id);
    if (session === undefined) {
      session = new Map();
      this.sessions.set(client.id, session);
    }
    for (const { topic, qos, rh, rap, nl } of subscriptions) {
      const before = session.get(topic);
      if (before !== undefined) this.filters.remove(topic, before);
      const stored: StoredSubscription = { clientId: client.id, topic, qos, rh, rap, nl };
      session.set(topic, stored);
      // Nothing waits for QoS 0 subscriptions, but they come back with their session.
      if (qos > 0) this.filters.add(topic, stored);
    }
  }

  async removeSubscriptions(client: ClientRef, filters: string[]): Promise<void> {
    const session = this.sessions.get(client.id);
    if (session === undefined) return;
    for (const filter of filters) {
      const stored = session.get(filter);
      if (stored === undefined) continue;
      this.filters.remove(filter, stored);
      session.delete(filter);
    }
    if (session.size === 0) this.sessions.delete(client.id);
  }

  async subscriptionsByClient(client: ClientRef): Promise<Subscription[]> {
    const session = this.sessions.get(client.id);
    if (session === undefined) return [];
    // aedes compares what it restores with what it is asked for: the id of the client is not part of that.
    return Array.from(session.values(), ({ topic, qos, rh, rap, nl }) => ({ topic, qos, rh, rap, nl }));
  }

  async subscriptionsByTopic(topic: string): Promise<StoredSubscription[]> {
    const found: StoredSubscription[] = [];
    this.filters.match(topic, found);
    return found;
  }

  async cleanSubscriptions(client: ClientRef): Promise<void> {
    const session = this.sessions.get(client.id);
    if (session !== undefined) await this.removeSubscriptions(client, [...session.keys()]);
    this.outgoing.delete(client.id);
  }

  async countOffline(): Promise<{ subsCount: number; clientsCount: number }> {
    return { subsCount: this.filters.size, clientsCount: this.sessions.size };
  }

  getClientList(filter: string): Readable {
    return Readable.from([...this.sessions].filter(([, session]) => session.has(filter)).map(([clientId]) => clientId));
  }

  async outgoingEnqueue(subscription: { readonly clientId: string }, packet: AedesPublishPacket): Promise<void> {
    this.enqueue(subscription.clientId, packet, packet.qos);
  }

  async outgoingEnqueueCombi(subscriptions: StoredSubscription[], packet: AedesPublishPacket): Promise<void> {
    if (subscriptions.length === 0) return;
    const granted = new Map<string, QoS>();
    for (const { clientId, qos } of subscriptions) {
      granted.set(clientId, Math.max(granted.get(clientId) ?? 0, Math.min(qos, packet.qos)) as QoS);
    }
    for (const [clientId, qos] of granted) this.enqueue(clientId, packet, qos);
  }

  /** Notes the message id under which a queued message is sent, or that a message was received and is to be released. */
  async outgoingUpdate(client: ClientRef, packet: Outgoing): Promise<void> {
    const queue = this.outgoing.get(client.id) ?? [];
    const message = queue.find((each) => isSame(each, packet));
    if (message !== undefined) {
      message.messageId = packet.messageId;
      return;
    }
    if (packet.cmd === 'publish') return;
    const index = queue.findIndex((each) => each.messageId === packet.messageId);
    if (index >= 0) queue[index] = packet;
    // Retained messages are sent without waiting in the queue; their release has to be remembered all the same.
    else if (queue.push(packet) === 1) this.outgoing.set(client.id, queue);
  }

  async outgoingClearMessageId(client: ClientRef, packet: Outgoing): Promise<Outgoing | undefined> {
    const queue = this.outgoing.get(client.id);
    if (queue === undefined) return undefined;
    // aedes asks with no message id for every duplicate that it drops; what waits to be sent has none either.
    const index = packet.messageId === undefined ? -1 : queue.findIndex((each) => each.messageId === packet.messageId);
    if (index < 0) return undefined;
    const [removed] = queue.splice(index, 1);
    if (queue.length === 0) this.outgoing.delete(client.id);
    return removed;
  }

  /** Takes a message out of a client's queue that it may not have. */
  forgetQueued(clientId: string, packet: AedesPublishPacket): void {
    const queue = this.outgoing.get(clientId);
    const index = queue?.findIndex((each) => isSame(each, packet)) ?? -1;
    if (index >= 0) queue?.splice(index, 1);
  }

  outgoingStream(client: ClientRef): Readable {
    // A copy: aedes takes messages out of the queue while it reads.
    return Readable.from([...(this.outgoing.get(client.id) ?? [])]);
  }

  async incomingStorePacket(client: ClientRef, packet: AedesPublishPacket): Promise<void> {
    let received = this.incoming.get(client.id);
    if (received === undefined) {
      received = new Map();
      this.incoming.set(client.id, received);
    }
    received.set(packet.messageId as number, { ...packet });
  }

  async incomingGetPacket(client: ClientRef, packet: { messageId?: number }): Promise<AedesPublishPacket> {
    const found = this.incoming.get(client.id)?.get(packet.messageId as number);
    if (found === undefined) throw new Error('no such packet');
    return found;
  }

  async incomingDelPacket(client: ClientRef, packet: { messageId?: number }): Promise<void> {
    const received = this.incoming.get(client.id);
    if (!received?.delete(packet.messageId as number)) throw new Error('no such packet');
    if (received.size === 0) this.incoming.delete(client.id);
  }

  async cleanIncoming(client: ClientRef): Promise<void> {
    this.incoming.delete(client.id);
  }

  async putWill(client: ClientRef, will: Will): Promise<void> {
    will.brokerId = this.broker.id;
    will.clientId = client.id;
    this.wills.set(client.id, will);
  }

  async getWill(client: ClientRef): Promise<Will | undefined> {
    return this.wills.get(client.id);
  }

  async delWill(client: ClientRef): Promise<Will | undefined> {
    const will = this.wills.get(client.id);
    this.wills.delete(client.id);
    return will;
  }

  /** The wills of clients whose broker is not among those known to live. */
  streamWill(brokers: Record<string, unknown> = {}): Readable {
    return Readable.from([...this.wills.values()].filter((will) => brokers[will.brokerId] === undefined));
  }

  async destroy(): Promise<void> {
    this.sessions.clear();
    this.outgoing.clear();
    this.incoming.clear();
    this.wills.clear();
  }

  private enqueue(clientId: string, packet: AedesPublishPacket, qos: QoS): void {
    const { brokerId, brokerCounter, topic, payload, dup } = packet;
    const queued: AedesPublishPacket = {
      cmd: 'publish',
      brokerId,
      brokerCounter,
      topic,
      payload,
      qos,
      // For a subscription that exists the message is new, retained or not [MQTT-3.3.1-9].
      retain: false,
      dup,
      messageId: undefined,
    };
    const queue = this.outgoing.get(clientId);
    if (queue === undefined) this.outgoing.set(clientId, [queued]);
    else queue.push(queued);
  }
}

/** Whether both are the same message of the same broker. */
const isSame = (a: Outgoing, b: Outgoing): boolean =>
  a.brokerId !== undefined && a.brokerId === b.brokerId && a.brokerCounter === b.brokerCounter;
