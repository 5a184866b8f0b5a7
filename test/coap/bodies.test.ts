import test from 'ava';
import fc from 'fast-check';
import { type Body, BodyStore } from '#src/coap/bodies.js';
import { FakeClock } from '../support/fake-clock.js';

const limits = { count: 3, ownerBytes: 100, totalBytes: 250 };

test('property: whatever is put in, no bound is ever exceeded', (t) => {
  const step = fc.oneof(
    fc.record({ op: fc.constant('touch' as const), owner: fc.nat(5), key: fc.nat(4), bytes: fc.nat(100) }),
    fc.record({ op: fc.constant('delete' as const), owner: fc.nat(5), key: fc.nat(4) }),
    fc.record({ op: fc.constant('advance' as const), ms: fc.nat(200_000) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const clock = new FakeClock(0);
      const store = new BodyStore<Body>(clock, 'test', limits);
      const names = Array.from({ length: 30 }, (_, n) => [String(n % 6), String(Math.floor(n / 6))] as const);
      const all = (): Body[] => names.flatMap(([owner, key]) => store.get(owner, key) ?? []);
      for (const s of steps) {
        if (s.op === 'advance') {
          clock.advance(s.ms);
        } else {
          const [owner, key] = [String(s.owner), String(s.key)];
          const known = store.get(owner, key);
          if (s.op === 'delete') {
            if (known !== undefined) store.delete(known);
          } else {
            const body = known ?? { owner, key, bytes: 0 };
            store.touch(body, s.bytes);
            t.is(store.get(owner, key), body);
          }
        }
        const bodies = all();
        t.is(bodies.length, store.size);
        t.true(bodies.reduce((sum, b) => sum + b.bytes, 0) <= limits.totalBytes);
        for (const owner of new Set(bodies.map((b) => b.owner))) {
          const own = bodies.filter((b) => b.owner === owner);
          t.true(own.length <= limits.count);
          t.true(own.reduce((sum, b) => sum + b.bytes, 0) <= limits.ownerBytes);
        }
      }
      clock.advance(247_000);
      t.deepEqual(all(), []);
      t.deepEqual(clock.waiting, []);
    }),
  );
});

test('a body is dropped 247 s after it was touched last', (t) => {
  const clock = new FakeClock(0);
  const store = new BodyStore<Body>(clock, 'test', limits);
  const body = { owner: 'a', key: 'b', bytes: 1 };
  store.touch(body);
  clock.advance(200_000);
  store.touch(body, 2);
  clock.advance(246_999);
  t.is(store.size, 1);
  clock.advance(1);
  t.is(store.size, 0);
});
