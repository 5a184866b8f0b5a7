import test from 'ava';
import { SecretLine } from '#src/cli/secret-line.js';

/** What comes of these keys. */
function typing(...keys: string[]): string {
  const line = new SecretLine();
  for (const key of keys) {
    const typed = line.type(Buffer.from(key));
    if (typed.kind === 'line') return ['line', typed.line.toString(), typed.rest.toString()].join(' ').trimEnd();
    if (typed.kind === 'broken off') return 'broken off';
  }
  return 'more';
}

test('a line ends with enter, however its keys arrive', (t) => {
  t.is(typing('abc\r'), 'line abc');
  t.is(typing('a', 'b', 'c', '\n'), 'line abc');
  t.is(typing('abc'), 'more');
  t.is(typing('\r'), 'line');
  t.is(typing('abc\rdef\r'), 'line abc def');
  t.is(typing('abc\x04'), 'line abc');
});

test('keys that correct take whole characters back', (t) => {
  t.is(typing('ab\x7fc\r'), 'line ac');
  t.is(typing('äöü\x7f\x08\r'), 'line ä');
  t.is(typing('\x7f\x7fa\r'), 'line a');
  t.is(typing('abc\x15d\r'), 'line d');
});

test('the person may break off', (t) => {
  t.is(typing('abc\x03'), 'broken off');
  t.is(typing('\x04'), 'broken off');
});
