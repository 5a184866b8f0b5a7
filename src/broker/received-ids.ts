import type { AedesPublishPacket } from 'aedes';
import { recordKey, splitRecordKey } from '../store/record-key.js';
import type { Table } from '../store/store.js';

const nothing: AedesPublishPacket = {
  cmd: 'publish',
  brokerId: '',
  brokerCounter: 0,
  topic: '',
  payload: Buffer.alloc(0),
  qos: 2,
  retain: false,
  dup: false,
};

/** Messages of QoS 2 that clients have sent and not released: by them a repetition is known. */
export class ReceivedIds {
  private readonly table: Table;
  private readonly clients = new Map<string, Map<number, AedesPublishPacket>>();

  constructor(table: Table) {
    this.table = table;
  }

  /** Brings back what the table has: the ids alone, since nobody asks for more. */
  async load(): Promise<void> {
    for await (const [key] of this.table.entries()) {
      const [clientId, id] = splitRecordKey(key);
      this.insert(clientId, { ...nothing, messageId: Number(id) });
    }
  }

  /** `durable` is false for a session that ends with its connection. */
  add(clientId: string, packet: AedesPublishPacket, durable: boolean): void {
    const { topic, payload, qos, retain, dup, messageId } = packet;
    this.insert(clientId, { ...nothing, topic, payload, qos, retain, dup, messageId });
    if (durable) this.table.put(keyOf(clientId, packet.messageId), Buffer.alloc(1));
  }

  get(clientId: string, messageId: number | undefined): AedesPublishPacket | undefined {
    return messageId === undefined ? undefined : this.clients.get(clientId)?.get(messageId);
  }

  /** Gives whether it was there. */
  delete(clientId: string, messageId: number | undefined): boolean {
    const received = this.clients.get(clientId);
    if (received === undefined || messageId === undefined || !received.delete(messageId)) return false;
    if (received.size === 0) this.clients.delete(clientId);
    this.table.delete(keyOf(clientId, messageId));
    return true;
  }

  clear(clientId: string): void {
    const received = this.clients.get(clientId);
    if (received === undefined) return;
    for (const messageId of received.keys()) this.table.delete(keyOf(clientId, messageId));
    this.clients.delete(clientId);
  }

  private insert(clientId: string, packet: AedesPublishPacket): void {
    let received = this.clients.get(clientId);
    if (received === undefined) {
      received = new Map();
      this.clients.set(clientId, received);
    }
    received.set(packet.messageId ?? 0, packet);
  }
}

const keyOf = (clientId: string, messageId = 0): string => recordKey(clientId, String(messageId));
