import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { silentLog } from '#src/core/log.js';
import { LevelStore } from '#src/store/level-store.js';
import { MemoryStore } from '#src/store/memory-store.js';
import type { Store, Table } from '#src/store/store.js';

function folder(t: ExecutionContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'isthmus-store-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

async function lines(table: Table, prefix?: string): Promise<string[]> {
  const found: string[] = [];
  for await (const [key, value] of table.entries(prefix)) found.push(`${key}=${value.toString()}`);
  return found;
}

const committed = (store: Store): Promise<void> =>
  new Promise((resolve, reject) => store.committed((error) => (error === undefined ? resolve() : reject(error))));

const kinds: Record<string, (t: ExecutionContext) => Promise<Store>> = {
  memory: async () => new MemoryStore(),
  level: (t) => LevelStore.open(folder(t), silentLog),
};

for (const [kind, open] of Object.entries(kinds)) {
  test(`${kind}: tables keep apart, entries come in order`, async (t) => {
    const store = await open(t);
    const [a, b] = [store.table('a'), store.table('a-b')];
    for (const key of ['x/2', 'x/10', 'y', '', 'ä', '\u{1F600}', '\uFFFD', 'x0']) a.put(key, Buffer.from(key));
    b.put('x/1', Buffer.from('other'));
    t.deepEqual(await lines(a), ['=', 'x/10=x/10', 'x/2=x/2', 'x0=x0', 'y=y', 'ä=ä', '\uFFFD=\uFFFD', '😀=😀']);
    t.deepEqual(await lines(a, 'x/'), ['x/10=x/10', 'x/2=x/2']);
    a.delete('x/2');
    a.put('x/10', Buffer.from('new'));
    t.is(await a.get('x/2'), undefined);
    t.is((await a.get('x/10'))?.toString(), 'new');
    await committed(store);
    t.is(await a.get('x/2'), undefined);
    t.is((await a.get('x/10'))?.toString(), 'new');
    t.deepEqual(await lines(a, 'x/'), ['x/10=new']);
    t.deepEqual(await lines(b), ['x/1=other']);
    const texts: string[] = [];
    await a.texts((key, value) => texts.push(`${key}=${value}`));
    t.deepEqual(texts, await lines(a));
    await store.close();
    await store.close();
  });
}

test('level: everything is there after closing and opening again, in any number', async (t) => {
  const dir = folder(t);
  const store = await LevelStore.open(dir, silentLog);
  const table = store.table('a');
  for (let i = 0; i < 2500; i++) table.put(`${i}`.padStart(5, '0'), Buffer.alloc(10, i));
  await store.close();
  const again = await LevelStore.open(dir, silentLog, { sync: true });
  let count = 0;
  for await (const [key, value] of again.table('a').entries()) {
    t.is(key, `${count}`.padStart(5, '0'));
    t.deepEqual(value, Buffer.alloc(10, count));
    count++;
  }
  t.is(count, 2500);
  let texts = 0;
  await again.table('a').texts((key) => t.is(Number(key), texts++));
  t.is(texts, 2500);
  again.table('a').put('x', Buffer.alloc(0));
  await committed(again);
  await again.close();
});

test('level: a folder in use, and a place where no folder can be', async (t) => {
  const dir = folder(t);
  const store = await LevelStore.open(dir, silentLog);
  await t.throwsAsync(LevelStore.open(dir, silentLog), { code: 'STORE', message: /in use by another process/ });
  await store.close();
  const file = join(dir, 'file');
  writeFileSync(file, '');
  await t.throwsAsync(LevelStore.open(file, silentLog), { code: 'STORE', message: /^store .*file: / });
});
