import test from 'ava';
import fc from 'fast-check';
import {
  formatDuration,
  formatListener,
  parseDuration,
  parseFlag,
  parseList,
  parseListener,
  parseSize,
  parseWhole,
} from '#src/config/units.js';

function table<T>(name: string, parse: (text: string) => T, rows: Readonly<Record<string, T>>): void {
  for (const [text, expected] of Object.entries(rows)) {
    test(`${name}: ${JSON.stringify(text)}`, (t) => t.deepEqual(parse(text), expected));
  }
}

table('duration in ms', parseDuration, {
  '0': 0,
  '900': 900_000,
  '1.5': 1500,
  '500ms': 500,
  '30s': 30_000,
  '86400s': 86_400_000,
  '15m': 900_000,
  '1h30m': 5_400_000,
  '1m500ms': 60_500,
  '1d': 86_400_000,
  '2w': 1_209_600_000,
  '1f': 1_209_600_000,
  '1.5h': 5_400_000,
  '0.1s': 100,
  '': undefined,
  m: undefined,
  '15 m': undefined,
  '-1s': undefined,
  '1x': undefined,
  '15M': undefined,
  '1s2': undefined,
  '0.0001s': undefined,
  '1e3': undefined,
  '99999999999999999999w': undefined,
});

table('size in bytes', parseSize, {
  '0': 0,
  '20': 20,
  '20B': 20,
  '1024KB': 1_048_576,
  '1024kb': 1_048_576,
  '1 KB': 1024,
  '1k': 1024,
  '4MB': 4_194_304,
  '1GB': 1_073_741_824,
  '': undefined,
  KB: undefined,
  '1.5MB': undefined,
  '-1': undefined,
  '1TB': undefined,
  '99999999999999999GB': undefined,
});

table('flag', parseFlag, {
  on: true,
  off: false,
  true: true,
  false: false,
  On: true,
  yes: undefined,
  '1': undefined,
  '': undefined,
});

table('whole number', parseWhole, {
  '0': 0,
  '07': 7,
  '65535': 65_535,
  '-1': undefined,
  '1.0': undefined,
  '0x10': undefined,
  '': undefined,
  '99999999999999999999': undefined,
});

table('listener', parseListener, {
  '1884': { host: '0.0.0.0', port: 1884 },
  '0': { host: '0.0.0.0', port: 0 },
  '127.0.0.1:1884': { host: '127.0.0.1', port: 1884 },
  '0.0.0.0:5683': { host: '0.0.0.0', port: 5683 },
  ':::5683': { host: '::', port: 5683 },
  '::1:1884': { host: '::1', port: 1884 },
  '[::1]:1884': { host: '::1', port: 1884 },
  '[::]:1884': { host: '::', port: 1884 },
  '[fe80::1%eth0]:1884': { host: 'fe80::1%eth0', port: 1884 },
  '65536': undefined,
  '127.0.0.1': undefined,
  '127.0.0.1:': undefined,
  ':1884': undefined,
  '::1884': undefined,
  '[127.0.0.1]:1884': undefined,
  '[::1]1884': undefined,
  'localhost:1884': undefined,
  '256.0.0.1:1884': undefined,
  '': undefined,
  off: undefined,
});

table('list', parseList, {
  '': [],
  a: ['a'],
  ' a , b,,c, ': ['a', 'b', 'c'],
});

const parsers = [parseDuration, parseSize, parseFlag, parseWhole, parseListener, parseList];

test('no text throws', (t) => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\d.:smhdkKB[\], ]*$/)), (text) => {
      for (const parse of parsers) parse(text);
    }),
  );
  t.pass();
});

test('a duration that is written is read back', (t) => {
  fc.assert(fc.property(fc.nat(), (ms) => parseDuration(formatDuration(ms)) === ms));
  t.is(formatDuration(5_400_000), '90m');
  t.is(formatDuration(0), '0s');
});

test('an address that is written is read back', (t) => {
  const host = fc.oneof(fc.ipV4(), fc.ipV6());
  fc.assert(
    fc.property(host, fc.integer({ min: 0, max: 65_535 }), (host, port) => {
      t.deepEqual(parseListener(formatListener({ host, port })), { host, port });
    }),
  );
});
