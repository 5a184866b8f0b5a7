import { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import { gatherWrites } from '#src/broker/gather-writes.js';

/** A connection that keeps what reaches its system calls; it takes no more while `held`. */
class Wire extends Duplex {
  readonly calls: Buffer[] = [];
  held: (() => void)[] | undefined;

  constructor(highWaterMark = 64) {
    super({ highWaterMark });
    gatherWrites(this);
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: unknown, done: () => void): void {
    this.calls.push(chunk);
    if (this.held === undefined) done();
    else this.held.push(done);
  }
}

const latin = (calls: readonly Buffer[]): string[] => calls.map((call) => call.toString('latin1'));

test('what a turn writes goes out in one call, in order', async (t) => {
  const wire = new Wire();
  wire.cork();
  wire.write(Buffer.from([0x30, 5]));
  wire.write('tö');
  wire.uncork();
  wire.write(Buffer.alloc(20, 'x'));
  t.deepEqual(wire.calls, []);
  await turn();
  t.deepEqual(wire.calls, [Buffer.concat([Buffer.from([0x30, 5]), Buffer.from('tö'), Buffer.alloc(20, 'x')])]);
  wire.write('next');
  await turn();
  t.is(wire.calls.length, 2);
});

test('a large chunk is not copied and keeps its place', async (t) => {
  const wire = new Wire(1 << 20);
  const large = Buffer.alloc(5000, 1);
  wire.write('before');
  wire.write(large);
  wire.write('after');
  await turn();
  t.is(wire.calls[1], large);
  t.deepEqual(latin([wire.calls[0] as Buffer, wire.calls[2] as Buffer]), ['before', 'after']);
});

test('what was written before the end is sent', async (t) => {
  const wire = new Wire();
  wire.write('connack');
  wire.end();
  await turn();
  t.deepEqual(latin(wire.calls), ['connack']);
  t.true(wire.writableFinished);
});

test('a write that wants to know when it is done, is', async (t) => {
  const wire = new Wire();
  wire.write('first');
  await new Promise<void>((resolve) => wire.write('second', () => resolve()));
  t.deepEqual(latin(wire.calls), ['first', 'second']);
});

test('a writer who was told to wait hears of the drain, whether the stream itself would tell or not', async (t) => {
  const wire = new Wire();
  let drained = 0;
  wire.on('drain', () => drained++);
  wire.held = [];
  wire.write('x'.repeat(40));
  await turn();
  // 40 bytes are on their way, so 30 more are too many: now, but not any longer when they are sent.
  t.false(wire.write('y'.repeat(30)));
  for (const done of wire.held.splice(0)) done();
  await turn();
  t.is(drained, 1);
  // Too many even alone: the stream tells.
  t.false(wire.write('z'.repeat(70)));
  await turn();
  t.is(drained, 1);
  while (wire.held.length > 0) {
    for (const done of wire.held.splice(0)) done();
    await turn();
  }
  t.is(drained, 2);
  t.deepEqual(latin(wire.calls), ['x'.repeat(40), 'y'.repeat(30), 'z'.repeat(70)]);
});

test('what was gathered for a connection that is gone is dropped', async (t) => {
  const wire = new Wire();
  wire.on('error', () => t.fail());
  wire.write('late');
  wire.destroy();
  await turn();
  wire.write('later');
  await turn();
  t.deepEqual(wire.calls, []);
});
