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
    return this.committed();
  }

  delete(key: string): Promise<void> {
    this.table.delete(key);
    return this.committed();
  }

  entries(): AsyncIterable<readonly [key: string, bytes: Buffer]> {
    return this.table.entries();
  }

  private committed(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.store.committed((error) => (error === undefined ? resolve() : reject(error)));
    });
  }
}
