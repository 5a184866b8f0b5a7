import test from 'ava';
import { recordKey, splitRecordKey } from '#src/store/record-key.js';

test('a key gives its owner and the rest back', (t) => {
  for (const [owner, rest] of [
    ['client', '7'],
    ['', ''],
    ['ü/+', 'a/b'],
    ['with\0in it', '3/0'],
  ] as const) {
    t.deepEqual(splitRecordKey(recordKey(owner, rest)), [owner, rest]);
  }
  t.deepEqual(splitRecordKey('no owner ends here'), ['no owner ends here', '']);
});
