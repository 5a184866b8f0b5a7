import test from 'ava';
import fc from 'fast-check';
import { formatEntry, parseConf } from '#src/config/conf-file.js';

const values: readonly (readonly [line: string, key: string, value: string])[] = [
  ['a = b', 'a', 'b'],
  ['  a.b  =  c d  ', 'a.b', 'c d'],
  ['a=b=c', 'a', 'b=c'],
  ['a =', 'a', ''],
  ['a =   ## nothing', 'a', ''],
  ['a =## nothing', 'a', ''],
  ['a = b ## comment', 'a', 'b'],
  ['a = b\t## comment = 1', 'a', 'b'],
  ['a = dn/#', 'a', 'dn/#'],
  ['a = b # c', 'a', 'b # c'],
  ['a = b##c', 'a', 'b##c'],
  ['a = "b ## c"', 'a', 'b ## c'],
  ['a = "b" ## c', 'a', 'b'],
  ['a = "say \\"x\\" \\\\ \\n"', 'a', 'say "x" \\ \\n'],
  ['a = ""', 'a', ''],
  ["a = 'b'", 'a', "'b'"],
  ['a = {{ dir }}/x', 'a', '{{ dir }}/x'],
  ['a.my\\.dev.b = 1', 'a.my.dev.b', '1'],
  ['a."x = \\"y\\"".b = 1', 'a.x = "y".b', '1'],
  ['\uFEFFa = b', 'a', 'b'],
];

for (const [line, key, value] of values) {
  test(`a line is read: ${JSON.stringify(line)}`, (t) => {
    t.deepEqual(parseConf(line), { entries: [{ line: 1, key, value }], faults: [] });
  });
}

test('comments, blank lines and marks of packaging are passed over; lines are counted', (t) => {
  const text = '# a = 1\r\n\r\n   ## b = 2\r\n{{ more }}\r\nc = 3\r\n';
  t.deepEqual(parseConf(text), { entries: [{ line: 5, key: 'c', value: '3' }], faults: [] });
});

test('a line that is nothing is an error, and the others are read all the same', (t) => {
  const { entries, faults } = parseConf('a = 1\nnothing\n= 2\nb = "open\nc = "x" y\nd = 4');
  t.deepEqual(
    entries.map(({ key }) => key),
    ['a', 'd'],
  );
  t.deepEqual(
    faults.map(({ line, severity }) => [line, severity]),
    [
      [2, 'error'],
      [3, 'error'],
      [4, 'error'],
      [5, 'error'],
    ],
  );
});

test('include is noted, not followed', (t) => {
  t.deepEqual(
    parseConf('include "x.conf"\na = 1').faults.map(({ line, severity }) => [line, severity]),
    [[1, 'notice']],
  );
});

for (const text of [
  'gateway.mqttsn {\n a = 1\n}',
  'gateway { mqttsn {\n',
  'list = [\n1\n]',
  'a = {\nb = 1\n}',
  '}\n',
]) {
  test(`HOCON gives one error: ${JSON.stringify(text)}`, (t) => {
    const { entries, faults } = parseConf(text);
    t.is(entries.length, 0);
    t.is(faults.length, 1);
    t.regex(faults[0]?.message ?? '', /HOCON/);
  });
}

test('no text throws', (t) => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.stringMatching(/^[a.= "\\#{}[\]\n]*$/)),
      (text) => {
        parseConf(text);
      },
    ),
  );
  t.pass();
});

test('a long line costs no more than its length', (t) => {
  const started = performance.now();
  for (const text of ['"'.repeat(100_000), 'a'.repeat(100_000), `a = ${' '.repeat(100_000)}x`, '"a"'.repeat(50_000)]) {
    parseConf(text);
  }
  t.true(performance.now() - started < 2000);
});

test('what is written is read back', (t) => {
  const line = fc.string({ unit: 'grapheme' }).filter((text) => !/[\r\n]/.test(text));
  const key = line.filter((text) => text !== '');
  fc.assert(
    fc.property(key, line, (key, value) => {
      t.deepEqual(parseConf(formatEntry(key, value)).entries, [{ line: 1, key, value }]);
    }),
  );
});
