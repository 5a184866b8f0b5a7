import type { Committed, Store, Table } from './store.js';

/** A store that forgets everything with the process: for those who want no data folder, and for tests. */
export class MemoryStore implements Store {
  private readonly tables = new Map<string, MemoryTable>();

  table(owner: string): Table {
    let table = this.tables.get(owner);
    if (table === undefined) {
      table = new MemoryTable();
      this.tables.set(owner, table);
    }
    return table;
  }

  committed(callback: Committed): void {
    callback();
  }

  async close(): Promise<void> {}
}

class MemoryTable implements Table {
  private readonly values = new Map<string, Buffer>();

  put(key: string, value: Buffer): void {
    this.values.set(key, value);
  }

  delete(key: string): void {
    this.values.delete(key);
  }

  async get(key: string): Promise<Buffer | undefined> {
    return this.values.get(key);
  }

  async *entries(prefix = ''): AsyncIterable<readonly [string, Buffer]> {
    const found = [...this.values].filter(([key]) => key.startsWith(prefix));
    yield* found.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }

  async texts(take: (key: string, value: string) => void): Promise<void> {
    for await (const [key, value] of this.entries()) take(key, value.toString());
  }
}
