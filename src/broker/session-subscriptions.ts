import type { Subscription } from 'aedes';
import { recordKey, splitRecordKey } from '../store/record-key.js';
import type { Table } from '../store/store.js';
import { FilterIndex } from './filter-index.js';
import type { QoS } from './port.js';

/** A subscription of a persistent session. */
export type StoredSubscription = Subscription & { readonly clientId: string };

/** The subscriptions of persistent sessions, by client and by filter. */
export class SessionSubscriptions {
  private readonly table: Table;
  private readonly sessions = new Map<string, Map<string, StoredSubscription>>();
  // Nothing waits for subscriptions of QoS 0, so only the others are looked for.
  private readonly filters = new FilterIndex<StoredSubscription>();

  constructor(table: Table) {
    this.table = table;
  }

  /** Sessions that have subscriptions, and subscriptions for which messages wait. */
  get count(): { clientsCount: number; subsCount: number } {
    return { clientsCount: this.sessions.size, subsCount: this.filters.size };
  }

  /** Every session's client id and how many subscriptions it has. */
  *sizes(): Generator<readonly [clientId: string, subscriptions: number]> {
    for (const [clientId, session] of this.sessions) yield [clientId, session.size];
  }

  /** Brings back what the table has. */
  async load(): Promise<void> {
    for await (const [key, value] of this.table.entries()) {
      const [clientId, topic] = splitRecordKey(key);
      this.insert({ clientId, topic, qos: Math.min(value[0] ?? 0, 2) as QoS });
    }
  }

  add(clientId: string, subscription: Subscription): void {
    this.insert({ ...subscription, clientId });
    this.table.put(keyOf(clientId, subscription.topic), Buffer.from([subscription.qos]));
  }

  remove(clientId: string, filter: string): void {
    const session = this.sessions.get(clientId);
    const stored = session?.get(filter);
    if (session === undefined || stored === undefined) return;
    this.filters.remove(filter, stored);
    session.delete(filter);
    if (session.size === 0) this.sessions.delete(clientId);
    this.table.delete(keyOf(clientId, filter));
  }

  /** The subscriptions of a client, without its id. */
  of(clientId: string): Subscription[] {
    const session = this.sessions.get(clientId);
    if (session === undefined) return [];
    return Array.from(session.values(), (stored) => {
      const subscription: Subscription = { ...stored };
      delete subscription.clientId;
      return subscription;
    });
  }

  /** The subscriptions of QoS 1 and 2 whose filters match, of everybody. */
  matching(topic: string): StoredSubscription[] {
    const found: StoredSubscription[] = [];
    this.filters.match(topic, found);
    return found;
  }

  /** The clients that subscribed to a filter. */
  clientsOf(filter: string): string[] {
    return [...this.sessions].filter(([, session]) => session.has(filter)).map(([clientId]) => clientId);
  }

  /** Ends a session; gives whether there was one. */
  clear(clientId: string): boolean {
    const session = this.sessions.get(clientId);
    if (session === undefined) return false;
    for (const filter of session.keys()) this.remove(clientId, filter);
    return true;
  }

  private insert(stored: StoredSubscription): void {
    const { clientId, topic, qos } = stored;
    let session = this.sessions.get(clientId);
    if (session === undefined) {
      session = new Map();
      this.sessions.set(clientId, session);
    }
    const before = session.get(topic);
    if (before !== undefined) this.filters.remove(topic, before);
    session.set(topic, stored);
    if (qos > 0) this.filters.add(topic, stored);
  }
}

const keyOf = (clientId: string, filter: string): string => recordKey(clientId, filter);
