import test from 'ava';
import { connectionsWithin, openFilesLimit, openFilesOf } from '#src/net/open-files.js';

const limits = `Limit                     Soft Limit           Hard Limit           Units
Max processes             96000                96000                processes
Max open files            1024                 524288               files
Max locked memory         8388608              8388608              bytes
`;

test('the limit of open files is read where the system tells it', (t) => {
  t.is(openFilesOf(limits), 1024);
  t.is(openFilesOf('Max open files            unlimited            unlimited            files'), undefined);
  t.is(openFilesOf(''), undefined);
  if (process.platform === 'linux') t.true((openFilesLimit() ?? Number.POSITIVE_INFINITY) > 3);
});

test('some files are left for the rest of the process', (t) => {
  t.is(connectionsWithin(1024), 922);
  t.is(connectionsWithin(100_000), 99_000);
  t.is(connectionsWithin(256), 192);
  t.is(connectionsWithin(20), 1);
});
