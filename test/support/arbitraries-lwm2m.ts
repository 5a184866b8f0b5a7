import fc from 'fast-check';
import type { Path } from '#src/lwm2m/path.js';
import type { Entry, ObjectLink, Value } from '#src/lwm2m/values.js';
import { valueTypes } from './lwm2m-objects.js';

type ValueType = (typeof valueTypes)[number];

const id = fc.oneof(fc.nat(3), fc.constantFrom(255, 256, 65534), fc.nat(65534));

/** Integers of up to 64 bits as the house holds them, crowded around the limits of their encodings. */
export function integers(min: bigint, max: bigint): fc.Arbitrary<number | bigint> {
  const edges = [7n, 8n, 15n, 16n, 31n, 32n, 53n, 63n, 64n].flatMap((bits) => [2n ** bits, -(2n ** bits)]);
  const near = fc.tuple(fc.constantFrom(0n, ...edges), fc.bigInt({ min: -2n, max: 2n })).map(([edge, d]) => edge + d);
  return fc
    .oneof(near, fc.bigInt({ min, max }))
    .filter((value) => value >= min && value <= max)
    .map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value));
}

const int64 = integers(-(2n ** 63n), 2n ** 63n - 1n);

const objectLink: fc.Arbitrary<ObjectLink> = fc.record({
  objectId: fc.oneof(fc.constant(65535), fc.nat(65535)),
  instanceId: fc.oneof(fc.constant(65535), fc.nat(65535)),
});

/** A value of each type that every format can hold. */
export const valuesOf: Readonly<Record<ValueType, fc.Arbitrary<Value>>> = {
  String: fc.string({ unit: 'grapheme' }),
  Integer: int64,
  'Unsigned Integer': integers(0n, 2n ** 64n - 1n),
  Float: fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.float({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
  ),
  Boolean: fc.boolean(),
  Opaque: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  Time: int64,
  Objlnk: objectLink,
  Corelnk: fc.constantFrom('', '</3>', '</3/0>;rt="a,b;c"', '<coap://x/1>;ct=40,</2>'),
};

const value: fc.Arbitrary<{ type: ValueType; value: Value; number: number }> = fc
  .nat(valueTypes.length - 1)
  .chain((number) => {
    const type = valueTypes[number] as ValueType;
    return valuesOf[type].map((value) => ({ type, value, number }));
  });

/** One entry of object 32100 (test/support/lwm2m-objects.ts), at a resource or at a resource instance. */
export const entry: fc.Arbitrary<Entry> = fc
  .tuple(value, id, fc.option(id))
  .map(([{ type, value, number }, i, ri]) => ({
    path: ri === null ? [32100, i, number] : [32100, i, 300 + number, ri],
    type,
    value,
  }));

/** Entries with different paths, in the order of their paths, as many as share the first ids with `base`. */
function below(base: Path, entries: fc.Arbitrary<Entry>): fc.Arbitrary<{ base: Path; entries: Entry[] }> {
  const moved = entries.map((e) => ({ ...e, path: [...base, ...e.path.slice(base.length)] }));
  return fc
    .uniqueArray(moved, { maxLength: 12, selector: (e) => e.path.join('/') })
    .map((list) => ({ base, entries: list.sort(byPath) }));
}

/** A request path of object 32100 and entries at or below it: of the root, an object, an instance, a multiple resource, or one value. */
export const requestAndEntries: fc.Arbitrary<{ base: Path; entries: Entry[] }> = fc.oneof(
  below([], entry),
  below([32100], entry),
  id.chain((i) => below([32100, i], entry)),
  fc.tuple(id, fc.nat(valueTypes.length - 1)).chain(([i, number]) => {
    const type = valueTypes[number] as ValueType;
    const instance = fc
      .tuple(id, valuesOf[type])
      .map(([ri, v]) => ({ path: [32100, i, 300 + number, ri], type, value: v }));
    return below([32100, i, 300 + number], instance);
  }),
  entry.map((e) => ({ base: e.path, entries: [e] })),
);

function byPath(a: Entry, b: Entry): number {
  const at = a.path.findIndex((id, i) => id !== b.path[i]);
  return at < 0 ? 0 : (a.path[at] as number) - (b.path[at] ?? -1);
}
