import test from 'ava';
import { IsthmusError } from '#src/core/errors.js';
import { safe, whenSafe } from '#src/store/safe.js';
import type { Committed } from '#src/store/store.js';

/** A store whose first writes fail. */
function failing(times: number): { readonly asked: () => number; committed(callback: Committed): void } {
  let asked = 0;
  return {
    asked: () => asked,
    committed(callback) {
      asked++;
      callback(asked <= times ? new IsthmusError('STORE', 'no room') : undefined);
    },
  };
}

test('nobody is told before a write has succeeded', (t) => {
  const store = failing(2);
  let told = 0;
  whenSafe(store, () => told++);
  t.deepEqual([store.asked(), told], [3, 1]);
});

test('who asks for a promise hears of the failure', async (t) => {
  await t.throwsAsync(safe(failing(1)), { message: 'no room' });
  await t.notThrowsAsync(safe(failing(0)));
});
