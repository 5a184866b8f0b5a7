import test from 'ava';
import { DecodeError } from '#src/core/errors.js';
import { decode, decodePaths, type EncodeOptions, encode, encodePaths } from '#src/lwm2m/formats/codec.js';
import { ContentFormat, formatName } from '#src/lwm2m/formats/content-format.js';
import { EncodeError, UnknownFormat } from '#src/lwm2m/formats/errors.js';
import type { Path } from '#src/lwm2m/path.js';
import type { Entry, Value } from '#src/lwm2m/values.js';
import { testObjects } from '../../support/lwm2m-objects.js';
import { entry, hex } from '../../vectors/lwm2m-vector.js';

const options = { nowSeconds: 1_700_000_000 };
const battery = entry([3, 0, 9], 'Integer', 100);

test('an unknown format is told apart from a bad payload', (t) => {
  const unknown = decode(50, Buffer.alloc(0), [3, 0], testObjects, options);
  t.true(unknown instanceof UnknownFormat);
  t.is((unknown as UnknownFormat).contentFormat, 50);
  t.false(decode(110, Buffer.alloc(0), [3, 0], testObjects, options) instanceof UnknownFormat);
  t.true(decodePaths(0, Buffer.alloc(0)) instanceof UnknownFormat);
  t.is((encode(50, [3, 0, 9], [battery]) as EncodeError).code, 'UNKNOWN_FORMAT');
  t.is((encodePaths(ContentFormat.LWM2M_CBOR, [[3]]) as EncodeError).code, 'UNKNOWN_FORMAT');
});

test('formats have names for people', (t) => {
  t.is(formatName(11542), 'application/vnd.oma.lwm2m+tlv');
  t.is(formatName(1543), 'application/vnd.oma.lwm2m+json');
  t.is(formatName(50), '50');
});

test('an error names the path it is about', (t) => {
  const error = decode(110, Buffer.from('[{"n":"/3/0/9","vs":"full"}]'), [3, 0], testObjects, options);
  t.regex((error as DecodeError).message, /\/3\/0\/9 .*Integer/);
});

const unwritable: readonly (readonly [string, number, Path, readonly Entry[], EncodeOptions?])[] = [
  ['two values in text', 0, [3, 0, 9], [battery, battery]],
  ['no value in text', 0, [3, 0, 9], []],
  ['text for an instance', 0, [3, 0], [battery]],
  ['an integer as octets', 42, [3, 0, 9], [battery]],
  ['an integer as links', 40, [3, 0, 9], [battery]],
  ['an entry that is no resource', 110, [3], [entry([3, 0], 'Integer', 1)]],
  ['an entry elsewhere', 110, [3, 1], [battery]],
  ['an id beyond 65534', 110, [3, 0], [entry([3, 0, 65535], 'Integer', 1)]],
  ['an id that is no integer', 110, [3, 0], [entry([3, 0, 1.5], 'Integer', 1)]],
  ['TLV of several objects', 11542, [], [battery]],
  ['a relative time', 110, [3, 0, 9], [entry([3, 0, 9], 'Integer', 1, 60)]],
  ['a value below a value', 11544, [3, 0], [entry([3, 0, 6], 'Integer', 1), entry([3, 0, 6, 0], 'Integer', 1)]],
  ['a value above a value', 11544, [3, 0], [entry([3, 0, 6, 0], 'Integer', 1), entry([3, 0, 6], 'Integer', 1)]],
  ['two values of one resource', 11544, [3, 0], [battery, battery]],
  ['not a number in JSON', 110, [6, 0, 0], [entry([6, 0, 0], 'Float', Number.NaN)]],
  ['infinity in text', 0, [6, 0, 0], [entry([6, 0, 0], 'Float', Number.NEGATIVE_INFINITY)]],
  ['Create without an instance id in SenML', 112, [3], [battery], { assignInstance: true }],
  ['Create of an instance', 11542, [3, 0], [battery], { assignInstance: true }],
  [
    'Create of two instances without ids',
    11542,
    [3],
    [battery, entry([3, 1, 9], 'Integer', 1)],
    { assignInstance: true },
  ],
];

for (const [name, format, base, entries, how] of unwritable) {
  test(`not written: ${name}`, (t) => {
    const result = encode(format, base, entries, how);
    t.true(result instanceof EncodeError, String(result));
    t.is((result as EncodeError).code, 'ENCODE');
  });
}

const misfits: readonly (readonly [Entry['type'], Value])[] = [
  ['Integer', 1.5],
  ['Integer', 2n ** 63n],
  ['Integer', '1'],
  ['Unsigned Integer', -1],
  ['Unsigned Integer', 2n ** 64n],
  ['Time', Number.NaN],
  ['Float', '1.5'],
  ['Boolean', 2],
  ['Boolean', 'true'],
  ['Opaque', 'AQ=='],
  ['String', 1],
  ['Corelnk', 1],
  ['Objlnk', '3'],
  ['Objlnk', { objectId: 65536, instanceId: 0 }],
  ['Objlnk', { objectId: 1.5, instanceId: 0 }],
  ['None', ''],
];

for (const [index, [type, value]] of misfits.entries()) {
  test(`not written ${index}: a ${typeof value} as ${type}`, (t) => {
    t.true(encode(110, [32100, 0, 0], [entry([32100, 0, 0], type, value)]) instanceof EncodeError);
  });
}

test('what fits without loss is written', (t) => {
  t.deepEqual(encode(11542, [3, 0, 9], [entry([3, 0, 9], 'Integer', 100n)]), hex('C10964'));
  t.deepEqual(encode(11542, [3, 0, 9], [entry([3, 0, 9], 'Integer', -0)]), hex('C10900'));
  t.deepEqual(encode(11542, [6, 0, 0], [entry([6, 0, 0], 'Float', 2n)]), hex('C40040000000'));
  t.deepEqual(encode(0, [1, 0, 6], [entry([1, 0, 6], 'Boolean', 1)]), Buffer.from('1'));
  t.deepEqual(encode(11542, [65, 0, 0, 0], [entry([65, 0, 0, 0], 'Objlnk', '66:1')]), hex('440000420001'));
});

test('binary formats carry what decimal text cannot', (t) => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    for (const format of [60, 112, 11542, 11544]) {
      const payload = encode(format, [6, 0, 0], [entry([6, 0, 0], 'Float', value)]);
      t.deepEqual(decode(format, payload as Buffer, [6, 0, 0], testObjects, options), [
        entry([6, 0, 0], 'Float', value),
      ]);
    }
  }
});

test('Create: with instance ids in instances, without them bare', (t) => {
  const entries = [entry([32100, 7, 0], 'String', 'x'), entry([32100, 7, 1], 'Integer', 1)];
  t.deepEqual(encode(11542, [32100], entries), hex('0607 C10078 C10101'));
  t.deepEqual(encode(11542, [32100], entries, { assignInstance: true }), hex('C10078 C10101'));
  t.deepEqual(encode(1542, [32100], []), hex(''));
});

test('names of entries at mixed depths are written in full', (t) => {
  const entries = [entry([3, 0, 6], 'Integer', 1), entry([3, 0, 6, 1], 'Integer', 2)];
  const payload = encode(110, [3, 0, 6], entries);
  t.is(String(payload), '[{"n":"/3/0/6","v":1},{"n":"/3/0/6/1","v":2}]');
  t.deepEqual(decode(110, payload as Buffer, [3, 0, 6], testObjects, options), entries);
});

test('the number of entries is limited', (t) => {
  const limited = { nowSeconds: 0, maxEntries: 2 };
  const three = '[{"bn":"/3/0/9","v":1},{"v":2},{"v":3}]';
  t.true(Array.isArray(decode(110, Buffer.from(three), [3], testObjects, { ...limited, maxEntries: 3 })));
  t.true(decode(110, Buffer.from(three), [3], testObjects, limited) instanceof DecodeError);
  t.true(decode(11542, hex('410001 410102 410203'), [3, 0, 6], testObjects, limited) instanceof DecodeError);
  const old = Buffer.from('{"bn":"/3/0/9","e":[{"v":1},{"v":2},{"v":3}]}');
  t.true(decode(11543, old, [3], testObjects, limited) instanceof DecodeError);
  t.true(decodePaths(110, Buffer.from('[{"n":"/1"},{"n":"/2"},{"n":"/3"}]'), 2) instanceof DecodeError);
});
