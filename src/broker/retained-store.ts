import type { AedesPublishPacket } from 'aedes';
import type { Clock } from '../core/clock.js';
import { attempt, DecodeError } from '../core/errors.js';
import { packed, unpacked } from '../core/payload.js';
import type { Table } from '../store/store.js';
import { RetainedMessages } from './retained-messages.js';
import { decodeRetained, encodeRetained, type Retained } from './stored-records.js';

/** The retained messages, in memory and in their table. */
export class RetainedStore {
  private readonly table: Table;
  private readonly clock: Clock;
  private readonly ttlMs: number;
  private readonly messages = new RetainedMessages<Retained>();

  /** `ttlMs`: how long a message is kept; Infinity for ever. */
  constructor(table: Table, clock: Clock, ttlMs: number) {
    this.table = table;
    this.clock = clock;
    this.ttlMs = ttlMs;
  }

  get size(): number {
    return this.messages.size;
  }

  /** Brings back what the table has; gives the topics whose records make no sense. */
  async load(): Promise<string[]> {
    const strange: string[] = [];
    for await (const [topic, value] of this.table.entries()) {
      const decoded = attempt(() => decodeRetained(topic, value));
      if (decoded instanceof DecodeError) strange.push(topic);
      else this.messages.set(topic, { packet: compact(decoded.packet), at: decoded.at });
    }
    return strange;
  }

  /** Keeps a message in the place of the one before; an empty one clears the place [MQTT-3.3.1-10]. */
  put(packet: AedesPublishPacket): void {
    if (packet.payload.length === 0) {
      this.delete(packet.topic);
      return;
    }
    // A copy: the payload may be a small part of a large buffer, and aedes goes on with the packet.
    const kept = compact(packet);
    if (packet.topic.startsWith('$SYS/')) {
      // Of this run of the broker only.
      this.messages.set(packet.topic, { packet: kept, at: Number.POSITIVE_INFINITY });
      return;
    }
    const at = Math.floor(this.clock.now());
    this.messages.set(packet.topic, { packet: kept, at });
    this.table.put(packet.topic, encodeRetained({ packet, at }));
  }

  /** The messages under a filter whose time is not over. */
  under(filter: string): AedesPublishPacket[] {
    const before = this.clock.now() - this.ttlMs;
    const found: AedesPublishPacket[] = [];
    for (const { packet, at } of this.messages.match(filter)) {
      if (at >= before) found.push(restored(packet));
      else this.delete(packet.topic);
    }
    return found;
  }

  private delete(topic: string): void {
    this.messages.delete(topic);
    this.table.delete(topic);
  }
}

const compact = (packet: AedesPublishPacket): AedesPublishPacket => ({
  ...packet,
  payload: packed(Buffer.from(packet.payload)),
});

const restored = (packet: AedesPublishPacket): AedesPublishPacket => ({ ...packet, payload: unpacked(packet.payload) });
