import test from 'ava';
import fc from 'fast-check';
import { DecodeError } from '#src/core/errors.js';
import { decode, decodePaths, encode } from '#src/lwm2m/formats/codec.js';
import { fit } from '#src/lwm2m/formats/fit.js';
import { isBelow, type Path } from '#src/lwm2m/path.js';
import type { Entry } from '#src/lwm2m/values.js';
import { fuzzRuns, hostile } from '../../support/fuzz.js';
import { noObjects, testObjects } from '../../support/lwm2m-objects.js';
import { lwm2mCborVectors } from '../../vectors/lwm2m-cbor.js';
import { jsonVectors } from '../../vectors/lwm2m-json.js';
import { plainVectors } from '../../vectors/lwm2m-plain.js';
import { NOW, pathLists, senmlCborVectors, senmlJsonVectors } from '../../vectors/lwm2m-senml.js';
import { tlvVectors } from '../../vectors/lwm2m-tlv.js';
import type { Lwm2mVector } from '../../vectors/lwm2m-vector.js';

const options = { nowSeconds: NOW };
const long = 30 * 60_000;

const seedsByFormat: readonly (readonly [number, readonly Lwm2mVector[]])[] = [
  [0, plainVectors.filter((v) => v.format === 0)],
  [40, plainVectors.filter((v) => v.format === 40)],
  [42, plainVectors.filter((v) => v.format === 42)],
  [60, plainVectors.filter((v) => v.format === 60)],
  [110, senmlJsonVectors],
  [112, senmlCborVectors],
  [11542, tlvVectors.filter((v) => v.payload.length < 1000)],
  [11543, jsonVectors],
  [11544, lwm2mCborVectors],
];

/** What every entry that comes out of a decoder must be. */
function isSound(entry: Entry, request: Path): boolean {
  return (
    (entry.path.length === 3 || entry.path.length === 4) &&
    entry.path.every((id) => Number.isInteger(id) && id >= 0 && id <= 65534) &&
    isBelow(entry.path, request) &&
    fit(entry.type, entry.value) !== undefined &&
    (entry.time === undefined || Number.isFinite(entry.time))
  );
}

for (const [format, seeds] of seedsByFormat) {
  test(`${format}: hostile payloads give errors or sound entries`, (t) => {
    t.timeout(long);
    const requests = fc.constantFrom<Path | undefined>(undefined, [], [3], [3, 0], [32100, 0]);
    const counts = { read: 0, refused: 0 };
    fc.assert(
      fc.property(hostile(seeds), requests, fc.boolean(), ({ seed, payload }, other, known) => {
        const request = other ?? seed.request;
        const copy = Buffer.from(payload);
        const result = decode(format, payload, request, known ? testObjects : noObjects, options);
        if (result instanceof DecodeError) counts.refused += 1;
        else counts.read += 1;
        return payload.equals(copy) && (result instanceof DecodeError || result.every((e) => isSound(e, request)));
      }),
      { numRuns: fuzzRuns },
    );
    // Neither half of the property may be empty talk.
    t.true(counts.read > 0, 'nothing was read');
    t.true(counts.refused > 0, 'nothing was refused');
  });

  test(`${format}: nothing beyond the payload's end is read`, (t) => {
    t.timeout(long);
    fc.assert(
      fc.property(hostile(seeds), fc.uint8Array({ maxLength: 20 }), ({ seed, payload }, tail) => {
        const roomy = Buffer.concat([tail, payload, tail]).subarray(tail.length, tail.length + payload.length);
        const alone = decode(format, payload, seed.request, testObjects, options);
        const within = decode(format, roomy, seed.request, testObjects, options);
        if (alone instanceof DecodeError) t.true(within instanceof DecodeError);
        else t.deepEqual(within, alone);
      }),
      { numRuns: Math.ceil(fuzzRuns / 10) },
    );
  });

  test(`${format}: what was read can be written and read again`, (t) => {
    t.timeout(long);
    fc.assert(
      fc.property(hostile(seeds), ({ seed, payload }) => {
        const first = decode(format, payload, seed.request, testObjects, options);
        const written = first instanceof DecodeError ? first : encode(format, seed.request, first);
        if (written instanceof Error) return;
        const second = decode(format, written, seed.request, testObjects, options);
        t.deepEqual(inOrder(second), inOrder(first));
      }),
      { numRuns: Math.ceil(fuzzRuns / 10) },
    );
  });
}

test('hostile lists of paths give errors or paths', (t) => {
  t.timeout(long);
  fc.assert(
    fc.property(hostile(pathLists), fc.constantFrom(110, 112, 320, 322), ({ payload }, format) => {
      const result = decodePaths(format, payload);
      return result instanceof DecodeError || result.every((path) => path.length <= 4);
    }),
    { numRuns: fuzzRuns },
  );
  t.pass();
});

/** TLV groups by resource what may have come in any order. */
function inOrder(entries: Entry[] | DecodeError): unknown {
  return entries instanceof DecodeError ? entries : entries.map((e) => JSON.stringify(e, exactly)).sort();
}

function exactly(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' || typeof value === 'number' ? String(value) : value;
}
