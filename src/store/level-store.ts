import { type Iterator, Level } from 'level';
import { IsthmusError } from '../core/errors.js';
import type { Log } from '../core/log.js';
import { type Batch, GroupCommit } from './group-commit.js';
import { safe } from './safe.js';
import type { Committed, Store, Table } from './store.js';

const entriesAtOnce = 1000;
const bytesAtOnce = 1024 * 1024;

// Entries that live shortly, as a queue's do, should die in memory: LevelDB's own 4 MiB sends many of them to disk.
const writeBufferSize = 16 * 1024 * 1024;

/** How a LevelDB store is to behave. */
export interface LevelStoreOptions {
  /** Wait for the disk with every batch, so that a power cut loses nothing either; default false. */
  readonly sync?: boolean;
}

/** A store in a folder, by LevelDB. */
export class LevelStore implements Store {
  private readonly db: Level<string, Buffer>;
  private readonly commits: GroupCommit;
  private closed: Promise<void> | undefined;

  private constructor(db: Level<string, Buffer>, sync: boolean, log: Log) {
    this.db = db;
    this.commits = new GroupCommit((batch) => write(db, batch, sync), log);
  }

  /** Opens the folder, creating it if need be. Rejects with code `STORE` if it is in use or cannot be read. */
  static async open(dir: string, log: Log, options: LevelStoreOptions = {}): Promise<LevelStore> {
    const db = new Level<string, Buffer>(dir, { keyEncoding: 'utf8', valueEncoding: 'buffer', writeBufferSize });
    try {
      await db.open();
    } catch (error) {
      const cause = (error as Error).cause as (Error & { code?: string }) | undefined;
      const reason =
        cause?.code === 'LEVEL_LOCKED' ? 'in use by another process' : (cause?.message ?? (error as Error).message);
      throw new IsthmusError('STORE', `store ${dir}: ${reason}`, { cause: error });
    }
    return new LevelStore(db, options.sync ?? false, log);
  }

  table(owner: string): Table {
    return new LevelTable(this.db, this.commits, owner);
  }

  committed(callback: Committed): void {
    this.commits.committed(callback);
  }

  close(): Promise<void> {
    this.closed ??= this.finish();
    return this.closed;
  }

  private async finish(): Promise<void> {
    try {
      await safe(this.commits);
    } finally {
      await this.db.close();
    }
  }
}

type TextIterator = Pick<Iterator<Level<string, Buffer>, string, string>, 'nextv'>;

class LevelTable implements Table {
  private readonly db: Level<string, Buffer>;
  private readonly commits: GroupCommit;
  // As abstract-level's sublevels write it, so that other tools find their way.
  private readonly root: string;

  constructor(db: Level<string, Buffer>, commits: GroupCommit, owner: string) {
    this.db = db;
    this.commits = commits;
    this.root = `!${owner}!`;
  }

  put(key: string, value: Buffer): void {
    this.commits.set(this.root + key, value);
  }

  delete(key: string): void {
    this.commits.set(this.root + key, undefined);
  }

  async get(key: string): Promise<Buffer | undefined> {
    const full = this.root + key;
    const waiting = this.commits.peek(full);
    return waiting.found ? waiting.value : await this.db.get(full);
  }

  async *entries(prefix = ''): AsyncIterable<readonly [string, Buffer]> {
    const from = this.root + prefix;
    // Awaited first: what was put before must be seen.
    await safe(this.commits);
    const iterator = this.db.iterator({ gte: from, lt: after(from), highWaterMarkBytes: bytesAtOnce });
    try {
      for (;;) {
        const found = await iterator.nextv(entriesAtOnce);
        if (found.length === 0) return;
        for (const [key, value] of found) yield [key.slice(this.root.length), value];
      }
    } finally {
      await iterator.close();
    }
  }

  async texts(take: (key: string, value: string) => void): Promise<void> {
    const { root } = this;
    await safe(this.commits);
    const range = { gte: root, lt: after(root), highWaterMarkBytes: bytesAtOnce };
    const iterator = this.db.iterator<string, string>({ ...range, valueEncoding: 'utf8' });
    try {
      await readTexts(iterator, (key, value) => take(key.slice(root.length), value));
    } finally {
      await iterator.close();
    }
  }
}

/** Reads each batch while the one before is taken. */
async function readTexts(iterator: TextIterator, take: (key: string, value: string) => void): Promise<void> {
  let reading = iterator.nextv(entriesAtOnce);
  for (let found = await reading; found.length > 0; found = await reading) {
    reading = iterator.nextv(entriesAtOnce);
    for (const [key, value] of found) take(key, value);
  }
}

async function write(db: Level<string, Buffer>, batch: Batch, sync: boolean): Promise<void> {
  // A chained batch: half the time in this thread that an array of operations takes.
  const chained = db.batch();
  for (const [key, value] of batch) {
    if (value === undefined) chained.del(key);
    else chained.put(key, value);
  }
  await chained.write({ sync });
}

/** The first key after all that begin with the prefix. */
function after(prefix: string): string {
  const last = prefix.length - 1;
  return prefix.slice(0, last) + String.fromCharCode(prefix.charCodeAt(last) + 1);
}
