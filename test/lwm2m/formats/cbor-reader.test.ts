import test from 'ava';
import { Encoder } from 'cbor-x';
import fc from 'fast-check';
import { CborReader } from '#src/lwm2m/formats/cbor-reader.js';
import { CborWriter } from '#src/lwm2m/formats/cbor-writer.js';
import { simplest } from '#src/lwm2m/formats/decimal.js';
import { integers } from '../../support/arbitraries-lwm2m.js';
import { hex } from '../../vectors/lwm2m-vector.js';

const other = new Encoder({ useRecords: false, mapsAsObjects: false, tagUint8Array: false });
const integer = integers(-(2n ** 64n), 2n ** 64n - 1n);

/** Appendix A of RFC 8949, as far as it has values that LwM2M knows. */
const published: readonly (readonly [string, unknown])[] = [
  ['00', 0],
  ['17', 23],
  ['1818', 24],
  ['1903e8', 1000],
  ['1a000f4240', 1000000],
  ['1b000000e8d4a51000', 1000000000000],
  ['1bffffffffffffffff', 18446744073709551615n],
  ['c249010000000000000000', 18446744073709551616n],
  ['3bffffffffffffffff', -18446744073709551616n],
  ['c349010000000000000000', -18446744073709551617n],
  ['20', -1],
  ['3903e7', -1000],
  ['f90000', 0],
  ['f98000', -0],
  ['f93c00', 1],
  ['fb3ff199999999999a', 1.1],
  ['f93e00', 1.5],
  ['f97bff', 65504],
  ['fa47c35000', 100000],
  ['fa7f7fffff', 3.4028234663852886e38],
  ['f90001', 5.960464477539063e-8],
  ['f90400', 0.00006103515625],
  ['f9c400', -4],
  ['f97c00', Number.POSITIVE_INFINITY],
  ['f97e00', Number.NaN],
  ['f9fc00', Number.NEGATIVE_INFINITY],
  ['f4', false],
  ['f5', true],
  ['f6', null],
  ['c074323031332d30332d32315432303a30343a30305a', '2013-03-21T20:04:00Z'],
  ['c11a514b67b0', 1363896240],
  ['c1fb41d452d9ec200000', 1363896240.5],
  ['40', hex('')],
  ['4401020304', hex('01020304')],
  ['60', ''],
  ['62225c', '"\\'],
  ['63e6b0b4', '水'],
  ['64f0908591', '\u{10151}'],
  ['5f42010243030405ff', hex('0102030405')],
  ['7f657374726561646d696e67ff', 'streaming'],
  ['c48221196ab3', 273.15],
  ['c5822003', 1.5],
];

for (const [bytes, value] of published) {
  test(`${bytes} is ${String(value)}`, (t) => {
    const reader = new CborReader(hex(bytes));
    t.deepEqual(reader.scalar(), value);
    reader.finish();
    const skipped = new CborReader(hex(bytes));
    skipped.skip();
    skipped.finish();
  });
}

test('what another encoder writes is read', (t) => {
  const scalars = fc.oneof(
    integer,
    fc.double(),
    fc.boolean(),
    fc.string({ unit: 'grapheme' }),
    fc.uint8Array().map((b) => Buffer.from(b)),
  );
  fc.assert(
    fc.property(fc.array(scalars), (values) => {
      const read: unknown[] = [];
      const reader = new CborReader(Buffer.from(other.encode(values)));
      reader.array(() => read.push(reader.scalar()));
      reader.finish();
      t.deepEqual(
        read,
        values.map((value) => (Object.is(value, -0) ? read[values.indexOf(value)] : value)),
      );
    }),
    { numRuns: 500 },
  );
});

test('another decoder reads what is written', (t) => {
  const writers = fc.oneof(
    integer.map((value) => [value, new CborWriter().integer(value).finish()] as const),
    fc.double().map((value) => [value, new CborWriter().float(value).finish()] as const),
    fc.string({ unit: 'grapheme' }).map((value) => [value, new CborWriter().text(value).finish()] as const),
    fc.boolean().map((value) => [value, new CborWriter().boolean(value).finish()] as const),
  );
  fc.assert(
    fc.property(writers, ([value, bytes]) => {
      const read: unknown = other.decode(bytes);
      // The other one makes a bigint of 2^53-1 too.
      t.true(Object.is(typeof read === 'bigint' ? simplest(read) : read, value), bytes.toString('hex'));
    }),
    { numRuns: 500 },
  );
});
