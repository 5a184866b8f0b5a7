import type { Committed, Store, Table } from '../store/store.js';
import type { Client } from './client.js';
import type { Outgoing, Session } from './session.js';
import { decodeOutgoing, decodeSession, encodeOutgoing, encodeSession, type Snapshot } from './snapshot.js';

/** A session as it was found in the store. */
export interface Kept {
  readonly snapshot: Snapshot;
  readonly messages: readonly Outgoing[];
  /** Message ids of QoS 2 publications whose PUBREL had not come. */
  readonly received: readonly number[];
}

/** No client id holds it, so it ends one in a key. */
const end = '\0';

/** What MQTT-SN keeps in the store: sessions, messages for their clients, and QoS 2 publications of them. */
export class Journal {
  private readonly store: Store;
  private readonly sessions: Table;
  private readonly messages: Table;
  private readonly received: Table;

  constructor(store: Store) {
    this.store = store;
    this.sessions = store.table('mqttsn.sessions');
    this.messages = store.table('mqttsn.messages');
    this.received = store.table('mqttsn.received');
  }

  saveSession({ session, peer, identity }: Pick<Client, 'session' | 'peer' | 'identity'>): void {
    this.sessions.put(session.clientId, encodeSession(session, peer?.key, identity));
  }

  /** Removes a session; its messages have gone one by one, or go now. */
  deleteSession(session: Session): void {
    this.sessions.delete(session.clientId);
    for (const outgoing of [...session.inflight, ...session.queue]) {
      if (outgoing.stored !== 'no') this.deleteMessage(session.clientId, outgoing);
    }
    for (const msgId of session.received?.keys() ?? []) this.deleteReceived(session.clientId, msgId);
  }

  saveMessage(clientId: string, outgoing: Outgoing): void {
    this.messages.put(messageKey(clientId, outgoing.seq), encodeOutgoing(outgoing));
  }

  deleteMessage(clientId: string, outgoing: Outgoing): void {
    this.messages.delete(messageKey(clientId, outgoing.seq));
  }

  /**
   * Notes a QoS 2 publication. It is written in the same batch as what its publication puts into the store in this turn
   * of the event loop, so that after a crash either both are there or neither.
   */
  saveReceived(clientId: string, msgId: number): void {
    this.received.put(clientId + end + String(msgId), Buffer.alloc(0));
  }

  deleteReceived(clientId: string, msgId: number): void {
    this.received.delete(clientId + end + String(msgId));
  }

  committed(callback: Committed): void {
    this.store.committed(callback);
  }

  /** Everything kept, session by session. Messages of no session are removed. */
  async load(): Promise<Kept[]> {
    const messages = new Map<string, Outgoing[]>();
    for await (const [key, value] of this.messages.entries()) {
      const [clientId, seq] = splitKey(key);
      append(messages, clientId, decodeOutgoing(value, seq));
    }
    const received = new Map<string, number[]>();
    for await (const [key] of this.received.entries()) {
      const [clientId, msgId] = splitKey(key);
      append(received, clientId, msgId);
    }
    const kept: Kept[] = [];
    for await (const [clientId, value] of this.sessions.entries()) {
      const snapshot = decodeSession(value);
      kept.push({ snapshot, messages: messages.get(clientId) ?? [], received: received.get(clientId) ?? [] });
      messages.delete(clientId);
      received.delete(clientId);
    }
    for (const [clientId, list] of messages) for (const one of list) this.deleteMessage(clientId, one);
    for (const [clientId, list] of received) for (const msgId of list) this.deleteReceived(clientId, msgId);
    return kept;
  }
}

/** Messages of a client in their order: the number has as many digits as any. */
function messageKey(clientId: string, seq: number): string {
  return clientId + end + String(seq).padStart(15, '0');
}

function splitKey(key: string): [clientId: string, rest: number] {
  const at = key.lastIndexOf(end);
  return [key.slice(0, at), Number(key.slice(at + 1))];
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
