import test from 'ava';
import fc from 'fast-check';
import { Deadlines } from '#src/core/deadlines.js';
import { FakeClock } from '../support/fake-clock.js';

test('a deadline comes once, at its time', (t) => {
  const clock = new FakeClock(0);
  const due: [string, number][] = [];
  const deadlines = new Deadlines<string>(clock, 'test', (key) => due.push([key, clock.now()]));
  deadlines.set('a', 100);
  deadlines.set('b', 50);
  clock.advance(49);
  t.deepEqual(due, []);
  clock.advance(100);
  t.deepEqual(due, [
    ['b', 50],
    ['a', 100],
  ]);
  t.is(deadlines.size, 0);
  t.deepEqual(clock.waiting, []);
});

test('a deadline may be set again while another comes due', (t) => {
  const clock = new FakeClock(0);
  const due: string[] = [];
  const deadlines: Deadlines<string> = new Deadlines(clock, 'test', (key) => {
    due.push(key);
    if (due.length < 3) deadlines.set(key, clock.now() + 10);
  });
  deadlines.set('a', 10);
  clock.advance(100);
  t.deepEqual(due, ['a', 'a', 'a']);
});

test('any sequence of set, delete and time behaves as a plain table would', (t) => {
  const step = fc.oneof(
    fc.record({ op: fc.constant('set' as const), key: fc.nat(5), at: fc.nat(1000) }),
    fc.record({ op: fc.constant('delete' as const), key: fc.nat(5) }),
    fc.record({ op: fc.constant('advance' as const), ms: fc.nat(200) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const clock = new FakeClock(0);
      const seen: [number, number][] = [];
      const expected: [number, number][] = [];
      const table = new Map<number, number>();
      const deadlines = new Deadlines<number>(clock, 'test', (key) => seen.push([key, clock.now()]));
      for (const s of steps) {
        if (s.op === 'set') {
          table.set(s.key, s.at);
          deadlines.set(s.key, s.at);
        } else if (s.op === 'delete') {
          table.delete(s.key);
          deadlines.delete(s.key);
        } else {
          const start = clock.now();
          for (const [key, at] of table) {
            if (at <= start + s.ms) {
              expected.push([key, Math.max(at, start)]);
              table.delete(key);
            }
          }
          clock.advance(s.ms);
        }
      }
      const order = (a: [number, number], b: [number, number]): number => a[1] - b[1] || a[0] - b[0];
      t.deepEqual(seen.sort(order), expected.sort(order));
    }),
  );
});
