import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { silentLog } from '#src/core/log.js';
import { LevelStore } from '#src/store/level-store.js';
import { bodyOf, keyOf } from './crash-records.js';

const writer = join(import.meta.dirname, 'crash-writer.js');

/** Lets a writer run from record `first` on, and kills it some time after its first word; gives its last word. */
function writeAndDie(dir: string, first: number, afterMs: number): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [writer, dir, `${first}`], { stdio: ['ignore', 'pipe', 'inherit'] });
    let heard = '';
    child.stdout.on('data', (chunk: Buffer) => {
      if (heard === '') setTimeout(() => child.kill('SIGKILL'), afterMs);
      heard += chunk.toString();
    });
    child.on('close', () => resolve(Number(heard.slice(0, heard.lastIndexOf('\n')).split('\n').at(-1))));
  });
}

for (const folder of ['first', 'second', 'third', 'fourth']) {
  test(`${folder} folder: five times killed, everything committed is there, nothing deleted comes back`, survives);
}

async function survives(t: ExecutionContext): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'isthmus-crash-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  let first = 1000;
  for (let round = 0; round < 5; round++) {
    const last = await writeAndDie(dir, first, Math.random() * 60);
    t.true(last >= first);
    const store = await LevelStore.open(dir, silentLog);
    let expected = Math.max(1000, last - 99);
    let seen = 0;
    for await (const [key, value] of store.table('records').entries()) {
      // A later batch may have gone through without being heard of, and deleted with it the oldest.
      if (seen === 0 && key > keyOf(expected)) expected = Number(key);
      t.is(key, keyOf(expected));
      t.deepEqual(value, bodyOf(expected));
      expected++;
      seen++;
    }
    t.true(expected > last, `${last} was committed, ${expected - 1} is the last`);
    t.true(seen <= 100);
    first = expected;
    await store.close();
  }
}
