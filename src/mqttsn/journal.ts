import { recordKey, splitRecordKey } from '../store/record-key.js';
import { whenSafe } from '../store/safe.js';
import type { Store, Table } from '../store/store.js';
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
    this.received.put(recordKey(clientId, String(msgId)), Buffer.alloc(0));
  }

  deleteReceived(clientId: string, msgId: number): void {
    this.received.delete(recordKey(clientId, String(msgId)));
  }

  /** Calls back when everything written so far would survive a crash. */
  stored(callback: () => void): void {
    whenSafe(this.store, callback);
  }

  /** Everything kept, session by session. What belongs to no session is removed. */
  async *load(): AsyncGenerator<Kept> {
    const messages = await Following.of(this.messages);
    const received = await Following.of(this.received);
    try {
      for await (const [clientId, value] of this.sessions.entries()) {
        const ofClient: Outgoing[] = [];
        await messages.take(clientId, (seq, bytes) => ofClient.push(decodeOutgoing(bytes, seq)));
        const ids: number[] = [];
        await received.take(clientId, (msgId) => ids.push(msgId));
        yield { snapshot: decodeSession(value), messages: ofClient, received: ids };
      }
    } finally {
      await messages.end();
      await received.end();
    }
  }
}

/** A table whose keys begin with client ids, read beside that of the sessions: both come in the order of their keys. */
class Following {
  private readonly table: Table;
  private readonly entries: AsyncIterator<readonly [string, Buffer]>;
  private next:
    | { readonly key: string; readonly clientId: string; readonly rest: number; readonly value: Buffer }
    | undefined;

  private constructor(table: Table) {
    this.table = table;
    this.entries = table.entries()[Symbol.asyncIterator]();
  }

  /** At the first entry. */
  static async of(table: Table): Promise<Following> {
    const following = new Following(table);
    await following.advance();
    return following;
  }

  /** Hands over what belongs to a client, and removes what comes before it and belongs to nobody. */
  async take(clientId: string, receive: (rest: number, value: Buffer) => void): Promise<void> {
    for (let one = this.next; one !== undefined; one = this.next) {
      if (one.clientId === clientId) receive(one.rest, one.value);
      else if (Buffer.compare(Buffer.from(one.clientId), Buffer.from(clientId)) < 0) this.table.delete(one.key);
      else return;
      await this.advance();
    }
  }

  /** Removes the rest. */
  async end(): Promise<void> {
    for (; this.next !== undefined; await this.advance()) this.table.delete(this.next.key);
  }

  private async advance(): Promise<void> {
    const { done, value } = await this.entries.next();
    if (done === true) {
      this.next = undefined;
      return;
    }
    const [key, bytes] = value;
    const [clientId, rest] = splitRecordKey(key);
    this.next = { key, clientId, rest: Number(rest), value: bytes };
  }
}

/** Messages of a client in their order: the number has as many digits as any. */
function messageKey(clientId: string, seq: number): string {
  return recordKey(clientId, String(seq).padStart(15, '0'));
}
