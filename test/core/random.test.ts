import test from 'ava';
import { pooledRandom } from '#src/core/random.js';

test('bytes are drawn many at once, and none is given twice', (t) => {
  let draws = 0;
  let next = 0;
  const random = pooledRandom((size) => {
    draws++;
    return Buffer.from(Array.from({ length: size }, () => next++ & 0xff));
  });
  let expected = 0;
  for (let i = 0; i < 512; i++) {
    t.deepEqual(
      [...random(8)],
      Array.from({ length: 8 }, () => expected++ & 0xff),
    );
  }
  t.is(draws, 1);
  t.is(random(5).length, 5);
  t.is(draws, 2);
  t.is(random(4096).length, 4096, 'what is left of a draw is not stretched');
  t.is(draws, 3);
});
