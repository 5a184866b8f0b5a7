import test from 'ava';
import fc from 'fast-check';
import { DecodeError } from '#src/core/errors.js';
import { decode, encode } from '#src/lwm2m/formats/codec.js';
import type { Entry, Value } from '#src/lwm2m/values.js';
import { entry, requestAndEntries } from '../../support/arbitraries-lwm2m.js';
import { noObjects, testObjects } from '../../support/lwm2m-objects.js';

const options = { nowSeconds: 1_700_000_000 };

for (const format of [110, 112, 320, 322, 11542, 1542, 11543, 1543, 11544]) {
  test(`${format}: entries come back as they were written`, (t) => {
    fc.assert(
      fc.property(requestAndEntries, ({ base, entries }) => {
        // TLV has no way to name an object.
        if (base.length === 0 && (format === 11542 || format === 1542)) return;
        const payload = encode(format, base, entries);
        t.true(Buffer.isBuffer(payload), String(payload));
        if (Buffer.isBuffer(payload)) t.deepEqual(decode(format, payload, base, testObjects, options), entries);
      }),
      { numRuns: 500 },
    );
  });
}

for (const [format, fits] of [
  [0, () => true],
  [1541, () => true],
  [60, () => true],
  [42, (e: Entry) => e.type === 'Opaque'],
  [40, (e: Entry) => e.type === 'Corelnk'],
] as const) {
  test(`${format}: a value comes back as it was written`, (t) => {
    fc.assert(
      fc.property(entry.filter(fits), (e) => {
        const payload = encode(format, e.path, [e]);
        t.true(Buffer.isBuffer(payload), String(payload));
        if (Buffer.isBuffer(payload)) t.deepEqual(decode(format, payload, e.path, testObjects, options), [e]);
      }),
      { numRuns: 500 },
    );
  });
}

for (const format of [110, 112, 11543]) {
  test(`${format}: times come back as they were written`, (t) => {
    const time = fc.oneof(
      fc.integer({ min: 2 ** 28, max: 2 ** 31 }),
      fc.double({ min: 2 ** 28, max: 2 ** 40, noNaN: true }),
    );
    fc.assert(
      fc.property(entry, fc.array(time, { maxLength: 5 }), (e, times) => {
        const series = times.map((time) => ({ ...e, time }));
        const payload = encode(format, e.path, series);
        t.true(Buffer.isBuffer(payload), String(payload));
        if (Buffer.isBuffer(payload)) t.deepEqual(decode(format, payload, e.path, testObjects, options), series);
      }),
    );
  });
}

for (const format of [110, 112, 11544]) {
  test(`${format}: values get through without a definition`, (t) => {
    fc.assert(
      fc.property(requestAndEntries, ({ base, entries }) => {
        const payload = encode(format, base, entries);
        const decoded = Buffer.isBuffer(payload) ? decode(format, payload, base, noObjects, options) : [];
        const read = decoded instanceof DecodeError ? [] : decoded;
        t.true(read.every((e) => e.guessed === true));
        t.deepEqual(
          read.map((e) => [e.path, loose(e.value)]),
          entries.map((e) => [e.path, loose(e.value)]),
        );
      }),
      { numRuns: 300 },
    );
  });
}

test('a Create without an instance id leaves it out of TLV', (t) => {
  const base = [32100];
  fc.assert(
    fc.property(requestAndEntries, ({ entries }) => {
      const moved = entries.map((e) => ({ ...e, path: [32100, 0, ...e.path.slice(2)] }));
      const bare = encode(11542, base, moved, { assignInstance: true });
      t.deepEqual(bare, encode(11542, [32100, 0], moved));
      t.true(Array.isArray(decode(11542, bare as Buffer, [32100, 0], testObjects, options)));
    }),
  );
});

/** Without what a format cannot tell by itself: -0 from 0, a large integer from a float, in CBOR a link from a text. */
function loose(value: Value): unknown {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value) + 0;
  return typeof value === 'object' && !Buffer.isBuffer(value) ? `${value.objectId}:${value.instanceId}` : value;
}
