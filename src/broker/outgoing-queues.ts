import type { AedesPublishPacket, PubrelPacket } from 'aedes';
import type { Clock } from '../core/clock.js';
import { attempt, DecodeError } from '../core/errors.js';
import type { Counter } from '../core/metrics.js';
import { ownBytes } from '../core/payload.js';
import { recordKey, splitRecordKey } from '../store/record-key.js';
import type { Table } from '../store/store.js';
import type { ClientRef } from './client-rules.js';
import type { QoS } from './port.js';
import { decodeOutgoing, encodeOutgoing, type Outgoing } from './stored-records.js';

/** What waits for a client: a message, or a release. */
export type OutgoingPacket = AedesPublishPacket | PubrelPacket;

/** How much is kept for one client, and for how long. */
export interface QueueLimits {
  readonly limit: number;
  /** Infinity keeps for ever. */
  readonly ttlMs: number;
}

interface Entry extends Outgoing {
  /** Its place in the order of all entries, and its key in the table. */
  readonly sequence: number;
  readonly counter: number;
  packet: OutgoingPacket;
  /** The connection on which it is being sent. */
  sender: ClientRef | undefined;
  /** It has been sent before, on an earlier connection. */
  repeated: boolean;
}

/** By aedes' number of the message, in the order of arrival; and by message id what has been sent. */
interface Queue {
  readonly entries: Map<number, Entry>;
  readonly sent: Map<number, Entry>;
}

const maxMessageId = 0xffff;

/** The messages of QoS 1 and 2 that clients with persistent sessions have not acknowledged yet. */
export class OutgoingQueues {
  private readonly table: Table;
  private readonly limits: QueueLimits;
  private readonly clock: Clock;
  private readonly dropped: Counter;
  private readonly queues = new Map<string, Queue>();
  private sequence = 0;

  constructor(table: Table, limits: QueueLimits, clock: Clock, dropped: Counter) {
    this.table = table;
    this.limits = limits;
    this.clock = clock;
    this.dropped = dropped;
  }

  /** Messages and releases of everybody. */
  get size(): number {
    let size = 0;
    for (const { entries } of this.queues.values()) size += entries.size;
    return size;
  }

  /** Brings back what the table has; gives the keys that make no sense. */
  async load(brokerId: string): Promise<string[]> {
    const strange: string[] = [];
    for await (const [key, value] of this.table.entries()) {
      const [clientId, hex] = splitRecordKey(key);
      const sequence = Number.parseInt(hex, 16);
      // Numbers of this run are positive: those of earlier ones must not meet them.
      const decoded = attempt(() => decodeOutgoing(value, brokerId, -sequence));
      if (decoded instanceof DecodeError || !(sequence > 0)) {
        strange.push(key);
        continue;
      }
      this.sequence = Math.max(this.sequence, sequence);
      this.insert(clientId, {
        ...decoded,
        sequence,
        counter: -sequence,
        sender: undefined,
        repeated: false,
      });
    }
    return strange;
  }

  /** Adds a message with the QoS granted; what is beyond the limit is dropped and counted. */
  enqueue(clientId: string, message: AedesPublishPacket, qos: QoS): void {
    const queue = this.queues.get(clientId);
    if (queue?.entries.has(message.brokerCounter)) return;
    if (queue !== undefined && queue.entries.size >= this.limits.limit) {
      this.expire(clientId, queue);
      if (queue.entries.size >= this.limits.limit) {
        this.dropped.value++;
        return;
      }
    }
    const { brokerId, brokerCounter, topic, payload } = message;
    const packet: AedesPublishPacket = {
      cmd: 'publish',
      brokerId,
      brokerCounter,
      topic,
      payload: typeof payload === 'string' ? payload : ownBytes(payload),
      qos,
      // For a subscription that exists the message is new, retained or not [MQTT-3.3.1-9].
      retain: false,
      dup: false,
      messageId: undefined,
    };
    this.save(clientId, this.insert(clientId, this.entry(packet, brokerCounter)));
  }

  /** Whether a message waits for a client. */
  has(clientId: string, brokerCounter: number): boolean {
    return this.queues.get(clientId)?.entries.has(brokerCounter) ?? false;
  }

  /** Takes charge of sending a message on a connection; false says that it has been sent there. */
  claim(client: ClientRef, brokerCounter: number): boolean {
    const entry = this.queues.get(client.id)?.entries.get(brokerCounter);
    if (entry?.sender === client) return false;
    if (entry !== undefined) entry.sender = client;
    return true;
  }

  /** Takes charge of all that has not been sent on a connection, oldest first, one by one. */
  *unsent(client: ClientRef): Iterable<OutgoingPacket> {
    const queue = this.queues.get(client.id);
    if (queue === undefined) return;
    this.expire(client.id, queue);
    for (const entry of queue.entries.values()) {
      if (entry.sender === client) continue;
      entry.sender = client;
      yield { ...entry.packet };
    }
  }

  /**
   * Notes under which message id a message is about to be sent. Gives whether this must be committed before it is sent:
   * a message of QoS 2 must have the same id after a crash.
   */
  sending(clientId: string, packet: AedesPublishPacket): boolean {
    const queue = this.queues.get(clientId);
    const entry = queue?.entries.get(packet.brokerCounter);
    if (queue === undefined || entry === undefined) return false;
    const before = entry.packet.messageId;
    if (before !== undefined && before === packet.messageId) {
      entry.repeated = true;
      return false;
    }
    if (before !== undefined) queue.sent.delete(before);
    let messageId = packet.messageId ?? 1;
    while (queue.sent.has(messageId) && queue.sent.size < maxMessageId) messageId = (messageId % maxMessageId) + 1;
    packet.messageId = messageId;
    entry.packet.messageId = messageId;
    queue.sent.set(messageId, entry);
    if (packet.qos < 2) return false;
    this.save(clientId, entry);
    return true;
  }

  /** Whether a message is being sent again [MQTT-3.3.1-1]. */
  isRepetition(clientId: string, brokerCounter: number): boolean {
    return this.queues.get(clientId)?.entries.get(brokerCounter)?.repeated ?? false;
  }

  /** Puts the release of a message in the message's place. */
  releasing(clientId: string, { messageId = 0 }: PubrelPacket): void {
    const release: PubrelPacket = { cmd: 'pubrel', messageId };
    let entry = this.queues.get(clientId)?.sent.get(messageId);
    // Retained messages are sent without waiting in the queue; their release has to be remembered all the same.
    if (entry === undefined) entry = this.insert(clientId, this.entry(release, -this.sequence - 1));
    else entry.packet = release;
    this.save(clientId, entry);
  }

  /** Ends what was sent under a message id; gives it back. */
  acknowledged(clientId: string, messageId: number): OutgoingPacket | undefined {
    const queue = this.queues.get(clientId);
    const entry = queue?.sent.get(messageId);
    if (queue === undefined || entry === undefined) return undefined;
    this.remove(clientId, queue, entry);
    return entry.packet;
  }

  /** Takes out a message that may not be delivered. */
  forget(clientId: string, brokerCounter: number): void {
    const queue = this.queues.get(clientId);
    const entry = queue?.entries.get(brokerCounter);
    if (queue !== undefined && entry !== undefined) this.remove(clientId, queue, entry);
  }

  /** Everything that waits for a client, oldest first. */
  of(clientId: string): OutgoingPacket[] {
    const queue = this.queues.get(clientId);
    if (queue === undefined) return [];
    this.expire(clientId, queue);
    return Array.from(queue.entries.values(), ({ packet }) => ({ ...packet }));
  }

  /** Drops everything that waits for a client. */
  clear(clientId: string): void {
    const queue = this.queues.get(clientId);
    if (queue === undefined) return;
    for (const entry of queue.entries.values()) this.table.delete(keyOf(clientId, entry));
    this.queues.delete(clientId);
  }

  private entry(packet: OutgoingPacket, counter: number): Entry {
    return {
      packet,
      at: Math.floor(this.clock.now()),
      sequence: ++this.sequence,
      counter,
      sender: undefined,

      repeated: false,
    };
  }

  private insert(clientId: string, entry: Entry): Entry {
    let queue = this.queues.get(clientId);
    if (queue === undefined) {
      queue = { entries: new Map(), sent: new Map() };
      this.queues.set(clientId, queue);
    }
    queue.entries.set(entry.counter, entry);
    const { messageId } = entry.packet;
    if (messageId !== undefined) queue.sent.set(messageId, entry);
    return entry;
  }

  private remove(clientId: string, queue: Queue, entry: Entry): void {
    queue.entries.delete(entry.counter);
    const { messageId } = entry.packet;
    if (messageId !== undefined) queue.sent.delete(messageId);
    if (queue.entries.size === 0) this.queues.delete(clientId);
    this.table.delete(keyOf(clientId, entry));
  }

  /** Drops the messages whose time is over; they are the first. A release has no end: the client counts on it. */
  private expire(clientId: string, queue: Queue): void {
    const before = this.clock.now() - this.limits.ttlMs;
    for (const entry of queue.entries.values()) {
      if (entry.at >= before) return;
      if (entry.packet.cmd !== 'publish') continue;
      this.dropped.value++;
      this.remove(clientId, queue, entry);
    }
  }

  private save(clientId: string, entry: Entry): void {
    this.table.put(keyOf(clientId, entry), encodeOutgoing(entry));
  }
}

const keyOf = (clientId: string, { sequence }: Entry): string =>
  recordKey(clientId, sequence.toString(16).padStart(12, '0'));
