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

  /** Everything kept, session by session. What belongs to no session is removed. */
  async *load(): AsyncGenerator<Kept> {
    const messages = new Following(this.messages);
    const received = new Following(this.received);
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
  private begun = false;

  constructor(table: Table) {
    this.table = table;
    this.entries = table.entries()[Symbol.asyncIterator]();
  }

  /** Hands over what belongs to a client, and removes what comes before it and belongs to nobody. */
  async take(clientId: string, receive: (rest: number, value: Buffer) => void): Promise<void> {
    if (!this.begun) await this.advance();
    for (let one = this.next; one !== undefined; one = this.next) {
      if (one.clientId === clientId) receive(one.rest, one.value);
      else if (Buffer.compare(Buffer.from(one.clientId), Buffer.from(clientId)) < 0) this.table.delete(one.key);
      else return;
      await this.advance();
    }
  }

  /** Removes the rest. */
  async end(): Promise<void> {
    if (!this.begun) await this.advance();
    for (; this.next !== undefined; await this.advance()) this.table.delete(this.next.key);
  }

  private async advance(): Promise<void> {
    this.begun = true;
    const { done, value } = await this.entries.next();
    if (done === true) {
      this.next = undefined;
      return;
    }
    const [key, bytes] = value;
    const at = key.lastIndexOf(end);
    this.next = { key, clientId: key.slice(0, at), rest: Number(key.slice(at + 1)), value: bytes };
  }
}

/** Messages of a client in their order: the number has as many digits as any. */
function messageKey(clientId: string, seq: number): string {
  return clientId + end + String(seq).padStart(15, '0');
}
