import { recordKey, splitRecordKey } from '../store/record-key.js';
import { whenSafe } from '../store/safe.js';
import type { Store, Table } from '../store/store.js';
import type { Message } from './port.js';

/** A QoS 2 publication on its way to the broker as the store has it; without a message it has been released. */
export interface KeptPublication {
  readonly messageId: number;
  /** Its place among those of its client. */
  readonly order: number;
  readonly message: Message | undefined;
}

/** What the store has of one client's exchanges with the broker. */
export interface KeptExchanges {
  readonly publications: KeptPublication[];
  /** Message ids of the broker's QoS 2 messages that have been taken. */
  readonly received: number[];
}

/**
 * Keeps the QoS 2 exchanges with a broker elsewhere over a crash: with the session that the broker keeps, what was on its
 * way goes on with its message id, and neither side takes it for something new.
 */
export class PacketJournal {
  private readonly store: Store;
  private readonly outgoing: Table;
  private readonly received: Table;
  private readonly kept = new Map<string, KeptExchanges>();

  constructor(store: Store) {
    this.store = store;
    this.outgoing = store.table('external.outgoing');
    this.received = store.table('external.received');
  }

  /** Reads what the process before this one has left. */
  async load(): Promise<void> {
    for await (const [key, value] of this.outgoing.entries()) {
      const [clientId, messageId] = splitRecordKey(key);
      this.of(clientId).publications.push({ messageId: Number(messageId), ...decode(value) });
    }
    for await (const [key] of this.received.entries()) {
      const [clientId, messageId] = splitRecordKey(key);
      this.of(clientId).received.push(Number(messageId));
    }
    for (const { publications } of this.kept.values()) publications.sort((a, b) => a.order - b.order);
  }

  /** Hands over what was found of a client; nothing the next time. */
  take(clientId: string): KeptExchanges | undefined {
    const found = this.kept.get(clientId);
    this.kept.delete(clientId);
    return found;
  }

  /** Takes back what a connection that has ended leaves open, for the next one of its client. */
  giveBack(clientId: string, exchanges: KeptExchanges): void {
    if (exchanges.publications.length + exchanges.received.length > 0) this.kept.set(clientId, exchanges);
  }

  savePublication(clientId: string, { messageId, order, message }: KeptPublication): void {
    this.outgoing.put(keyOf(clientId, messageId), encode(order, message));
  }

  deletePublication(clientId: string, messageId: number): void {
    this.outgoing.delete(keyOf(clientId, messageId));
  }

  saveReceived(clientId: string, messageId: number): void {
    this.received.put(keyOf(clientId, messageId), Buffer.alloc(0));
  }

  deleteReceived(clientId: string, messageId: number): void {
    this.received.delete(keyOf(clientId, messageId));
  }

  /** Calls back when everything written so far would survive a crash. A write that failed is tried until it succeeds. */
  stored(callback: () => void): void {
    whenSafe(this.store, callback);
  }

  private of(clientId: string): KeptExchanges {
    const known = this.kept.get(clientId) ?? { publications: [], received: [] };
    this.kept.set(clientId, known);
    return known;
  }
}

const keyOf = (clientId: string, messageId: number): string => recordKey(clientId, String(messageId));

/** A line of JSON, then the payload as it is. */
function encode(order: number, message: Message | undefined): Buffer {
  if (message === undefined) return Buffer.from(`${JSON.stringify([order])}\n`);
  const { topic, retain, payload } = message;
  return Buffer.concat([Buffer.from(`${JSON.stringify([order, topic, retain])}\n`), payload]);
}

function decode(bytes: Buffer): Omit<KeptPublication, 'messageId'> {
  const lineEnd = bytes.indexOf(0x0a);
  const [order, topic, retain = false] = JSON.parse(bytes.toString('utf8', 0, lineEnd)) as [number, string?, boolean?];
  const payload = bytes.subarray(lineEnd + 1);
  return { order, message: topic === undefined ? undefined : { topic, payload, qos: 2, retain } };
}
