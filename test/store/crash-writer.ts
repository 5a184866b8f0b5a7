import { writeSync } from 'node:fs';
import { silentLog } from '#src/core/log.js';
import { LevelStore } from '#src/store/level-store.js';
import { bodyOf, keyOf } from './crash-records.js';

// A process to be killed: writes numbered records without end, deletes those a hundred older, and says on its standard
// output which it may rely upon.
const [dir = '', first = '0'] = process.argv.slice(2);
const store = await LevelStore.open(dir, silentLog);
const table = store.table('records');

function next(n: number): void {
  table.put(keyOf(n), bodyOf(n));
  table.delete(keyOf(n - 100));
  store.committed((error) => {
    if (error === undefined) writeSync(1, `${n}\n`);
  });
  // Bursts, so that batches of all sizes are cut off.
  if (n % 7 === 0) setImmediate(next, n + 1);
  else next(n + 1);
}
next(Number(first));
