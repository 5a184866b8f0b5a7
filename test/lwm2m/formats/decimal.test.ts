import test from 'ava';
import fc from 'fast-check';
import { formatFloat, parseDecimal } from '#src/lwm2m/formats/decimal.js';
import { integers } from '../../support/arbitraries-lwm2m.js';

const exact: readonly (readonly [string, number | bigint | undefined])[] = [
  ['9007199254740991', 9007199254740991],
  ['9007199254740992', 9007199254740992n],
  ['9007199254740993', 9007199254740993n],
  ['-9007199254740993', -9007199254740993n],
  ['18446744073709551615', 18446744073709551615n],
  ['99999999999999999999', 99999999999999999999n],
  ['100000000000000000000', 1e20],
  ['9007199254740993.0', 9007199254740993n],
  ['9007199254740993.5', 9007199254740994],
  ['900719925474099300e-2', 9007199254740993n],
  ['9.007199254740993e15', 9007199254740993n],
  ['123456789012345e4', 1234567890123450000n],
  ['0.00012345e8', 12345],
  ['000012', 12],
  ['0e5', 0],
  ['1e19', 10000000000000000000n],
  ['1e21', 1e21],
  ['1e400', undefined],
  ['1e999999999', undefined],
  ['1e9999999999', undefined],
  ['1e-400', 0],
  ['', undefined],
  ['.', undefined],
  ['-', undefined],
  ['1.2.3', undefined],
  ['0x10', undefined],
  ['Infinity', undefined],
  ['1_000', undefined],
];

for (const [text, value] of exact) {
  test(`'${text}' is ${value}`, (t) => t.is(parseDecimal(text), value));
}

test('integers of 64 bits are exact in every notation', (t) => {
  const arbitrary = fc.tuple(integers(-(2n ** 63n), 2n ** 64n - 1n), fc.nat(25));
  fc.assert(
    fc.property(arbitrary, ([value, shift]) => {
      const digits = String(value)
        .replace('-', '')
        .padStart(shift + 1, '0');
      const sign = value < 0 ? '-' : '';
      const point = digits.length - shift;
      t.is(parseDecimal(String(value)), value);
      t.is(parseDecimal(`${value}.000`), value);
      t.is(parseDecimal(`${value}${'0'.repeat(shift)}e-${shift}`), value === 0 ? parseDecimal('0') : value);
      t.is(parseDecimal(`${sign}${digits.slice(0, point)}.${digits.slice(point)}E+${shift}`), value);
    }),
  );
});

test('doubles come back as they were written', (t) => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const read = parseDecimal(formatFloat(value));
      t.is(Number(read), value);
    }),
    { numRuns: 1000 },
  );
});

test('as JSON.parse where that is exact', (t) => {
  const text = fc
    .tuple(fc.integer(), fc.nat(999), fc.integer({ min: -30, max: 5 }))
    .map(([a, b, e]) => `${a}.${b}e${e}`);
  fc.assert(fc.property(text, (number) => t.is(Number(parseDecimal(number)), JSON.parse(number))));
});
