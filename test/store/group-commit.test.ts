import test from 'ava';
import { silentLog } from '#src/core/log.js';
import { type Batch, GroupCommit } from '#src/store/group-commit.js';

/** A disk whose writes end when the test says so. */
class SlowDisk {
  readonly batches: [string, string | undefined][][] = [];
  private ends: ((error?: Error) => void)[] = [];

  readonly write = (batch: Batch): Promise<void> => {
    this.batches.push([...batch].map(([key, value]) => [key, value?.toString()]));
    return new Promise((resolve, reject) => {
      this.ends.push((error) => (error === undefined ? resolve() : reject(error)));
    });
  };

  /** Ends the write under way, and lets what follows from it happen. */
  async end(error?: Error): Promise<void> {
    this.ends.shift()?.(error);
    await turn();
    await turn();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const value = (text: string): Buffer => Buffer.from(text);

test('what is written in one turn is one batch; what comes during a write is the next', async (t) => {
  const disk = new SlowDisk();
  const commits = new GroupCommit(disk.write, silentLog);
  const order: string[] = [];
  commits.committed(() => order.push('nothing to wait for'));
  commits.set('a', value('1'));
  commits.set('b', value('1'));
  commits.committed(() => order.push('first'));
  commits.set('a', value('2'));
  await turn();
  t.deepEqual(disk.batches, [
    [
      ['a', '2'],
      ['b', '1'],
    ],
  ]);
  commits.committed(() => order.push('first as well'));
  commits.set('b', undefined);
  commits.committed(() => order.push('second'));
  t.deepEqual(commits.peek('a'), { found: true, value: value('2') });
  t.deepEqual(commits.peek('b'), { found: true, value: undefined });
  t.false(commits.peek('c').found);
  t.deepEqual(order, ['nothing to wait for']);
  await disk.end();
  t.deepEqual(order, ['nothing to wait for', 'first', 'first as well']);
  t.deepEqual(disk.batches[1], [['b', undefined]]);
  await disk.end();
  t.is(order.at(-1), 'second');
  t.false(commits.peek('b').found);
  commits.set('d', value('1'));
  await turn();
  t.is(disk.batches.length, 3);
  await disk.end();
});

test('a failed batch is reported, kept, and written again with what came since', async (t) => {
  const disk = new SlowDisk();
  const commits = new GroupCommit(disk.write, silentLog, 1);
  const answers: (string | undefined)[] = [];
  commits.set('a', value('1'));
  commits.set('b', value('1'));
  commits.committed((error) => answers.push(error?.code));
  await turn();
  commits.set('b', value('2'));
  commits.committed((error) => answers.push(error?.code));
  await disk.end(new Error('no space'));
  t.deepEqual(answers, ['STORE']);
  t.deepEqual(commits.peek('a'), { found: true, value: value('1') });
  while (disk.batches.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  t.deepEqual(disk.batches[1], [
    ['a', '1'],
    ['b', '2'],
  ]);
  await disk.end();
  t.deepEqual(answers, ['STORE', undefined]);
});

test('what callbacks write: nobody is called before its batch is written, and nobody is forgotten', async (t) => {
  const disk = new SlowDisk();
  const commits = new GroupCommit(disk.write, silentLog);
  const order: string[] = [];
  const put = (key: string): void => {
    commits.set(key, value('1'));
    commits.committed(() => order.push(key));
  };
  commits.set('a', value('1'));
  commits.committed(() => {
    order.push('a');
    put('b');
    // What follows from a callback in the same turn belongs to it.
    void Promise.resolve().then(() => put('c'));
    setImmediate(() => put('d'));
  });
  await turn();
  await disk.end();
  t.deepEqual(order, ['a']);
  t.deepEqual(
    disk.batches.slice(1).map((batch) => batch.map(([key]) => key)),
    [['b', 'c']],
  );
  await disk.end();
  t.deepEqual(order, ['a', 'b', 'c']);
  await disk.end();
  t.deepEqual(order, ['a', 'b', 'c', 'd']);
});
