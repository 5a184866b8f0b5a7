import { safe } from '../store/safe.js';
import type { Store, Table } from '../store/store.js';
import type { SessionStore } from './persistent-sessions.js';

/** Keeps sessions in a table of the gateway's store. */
export class TableSessionStore implements SessionStore {
  private readonly store: Store;
  private readonly table: Table;

  constructor(store: Store, owner: string) {
    this.store = store;
    this.table = store.table(owner);
  }

  put(key: string, bytes: Buffer): Promise<void> {
    this.table.put(key, bytes);
    return safe(this.store);
  }

  delete(key: string): Promise<void> {
    this.table.delete(key);
    return safe(this.store);
  }

  entries(): AsyncIterable<readonly [key: string, bytes: Buffer]> {
    return this.table.entries();
  }
}
