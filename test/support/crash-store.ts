import type { Committed, Store, Table } from '#src/store/store.js';

type Entries = Map<string, Map<string, Buffer>>;

/** A store whose batches are committed when a test says so, and that forgets the rest when the test crashes it. */
export class CrashStore implements Store {
  private committedEntries: Entries;
  private readonly writes: (() => void)[] = [];
  private readonly waiting: Committed[] = [];
  /** Commits every write at once. */
  automatic = true;

  constructor(entries: Entries = new Map()) {
    this.committedEntries = entries;
  }

  table(owner: string): Table {
    const rows = (): Map<string, Buffer> => {
      let found = this.committedEntries.get(owner);
      if (found === undefined) {
        found = new Map();
        this.committedEntries.set(owner, found);
      }
      return found;
    };
    const write = (run: () => void): void => {
      if (this.automatic) run();
      else this.writes.push(run);
    };
    return {
      put: (key, value) => write(() => rows().set(key, Buffer.from(value))),
      delete: (key) => write(() => rows().delete(key)),
      get: async (key) => rows().get(key),
      entries: async function* (prefix = '') {
        const found = [...rows()].filter(([key]) => key.startsWith(prefix));
        yield* found.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      },
      texts: async (take) => {
        const sorted = [...rows()].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        for (const [key, value] of sorted) take(key, value.toString());
      },
    };
  }

  committed(callback: Committed): void {
    if (this.writes.length === 0) callback();
    else this.waiting.push(callback);
  }

  /** Everything written so far is committed. */
  flush(): void {
    for (const run of this.writes.splice(0)) run();
    for (const callback of this.waiting.splice(0)) callback();
  }

  /** What another process would find after this one was killed. */
  crash(): CrashStore {
    const copy: Entries = new Map([...this.committedEntries].map(([owner, rows]) => [owner, new Map(rows)]));
    this.committedEntries = new Map();
    return new CrashStore(copy);
  }

  /** Number of committed entries of an owner. */
  count(owner: string): number {
    return this.committedEntries.get(owner)?.size ?? 0;
  }

  async close(): Promise<void> {}
}
