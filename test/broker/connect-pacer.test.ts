import test from 'ava';
import { ConnectPacer } from '#src/broker/connect-pacer.js';
import { FakeClock } from '../support/fake-clock.js';

test('connections begin at the rate, those in a hurry first', (t) => {
  const clock = new FakeClock();
  const pacer = new ConnectPacer(clock, 10, 1);
  const begun: string[] = [];
  for (let i = 0; i < 15; i++) pacer.queue(() => begun.push(`patient ${i}`), false);
  for (let i = 0; i < 10; i++) t.truthy(pacer.queue(() => begun.push(`urgent ${i}`), true));
  t.is(
    pacer.queue(() => {}, true),
    undefined,
  );
  clock.advance(5000);
  t.deepEqual(begun, []);
  pacer.release();
  clock.advance(1000);
  t.true(begun.length >= 9 && begun.length <= 11, `${begun.length} in a second`);
  t.true(begun.every((name) => name.startsWith('urgent')));
  pacer.hold();
  clock.advance(10_000);
  t.true(begun.length <= 11);
  pacer.release();
  clock.advance(3000);
  t.is(begun.length, 25);
  t.is(pacer.waiting, 0);
});

test('a high rate has several in a tick, and who gives up costs nobody a turn', (t) => {
  const clock = new FakeClock();
  const pacer = new ConnectPacer(clock, 1000);
  pacer.release();
  const begun: number[] = [];
  const turns = Array.from({ length: 200 }, (_, i) => pacer.queue(() => begun.push(i), true));
  for (let i = 0; i < 200; i += 2) turns[i]?.cancel();
  clock.advance(100);
  t.is(begun.length, 100);
});
