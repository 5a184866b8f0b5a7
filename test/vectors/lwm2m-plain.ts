import type { Path } from '#src/lwm2m/path.js';
import type { Entry, ResourceType, Value } from '#src/lwm2m/values.js';
import { entry, guessed, hex, type Lwm2mVector } from './lwm2m-vector.js';

function vector(format: number) {
  return (request: Path, payload: string | Buffer, value: Entry, canonical = false): Lwm2mVector => ({
    name: `${value.type} ${typeof payload === 'string' ? payload : payload.toString('hex')}`,
    format,
    request,
    payload: Buffer.from(payload),
    entries: [value],
    canonical,
  });
}

const text = vector(0);
const opaque = vector(42);
const cbor = vector(60);
const link = vector(40);

/** Entry of object 32100, whose resources 0 to 8 have one type each. */
const one = (id: number, type: ResourceType, value: Value): Entry => entry([32100, 0, id], type, value);

/** Formats that hold one value. */
export const plainVectors: readonly Lwm2mVector[] = [
  text([32100, 0, 0], 'Grüße, "Welt"', one(0, 'String', 'Grüße, "Welt"'), true),
  text([32100, 0, 0], ' 12 ', one(0, 'String', ' 12 '), true),
  text([32100, 0, 0], '', one(0, 'String', ''), true),
  text([32100, 0, 1], '-129', one(1, 'Integer', -129), true),
  text([32100, 0, 1], '9223372036854775807', one(1, 'Integer', 9223372036854775807n), true),
  text([32100, 0, 1], '-9223372036854775808', one(1, 'Integer', -9223372036854775808n), true),
  text([32100, 0, 1], '+12', one(1, 'Integer', 12)),
  text([32100, 0, 1], '1.2e1', one(1, 'Integer', 12)),
  text([32100, 0, 1], '12.0', one(1, 'Integer', 12)),
  text([32100, 0, 1], ' 12\n', one(1, 'Integer', 12)),
  text([32100, 0, 1], '-0', one(1, 'Integer', 0)),
  text([32100, 0, 1], '9.007199254740993e15', one(1, 'Integer', 9007199254740993n)),
  text([32100, 0, 2], '18446744073709551615', one(2, 'Unsigned Integer', 18446744073709551615n), true),
  text([32100, 0, 3], '-38.25', one(3, 'Float', -38.25), true),
  text([32100, 0, 3], '1e-7', one(3, 'Float', 1e-7), true),
  text([32100, 0, 3], '18446744073709551615', one(3, 'Float', 18446744073709552000)),
  text([32100, 0, 3], '.5', one(3, 'Float', 0.5)),
  text([32100, 0, 4], '1', one(4, 'Boolean', true), true),
  text([32100, 0, 4], '0', one(4, 'Boolean', false), true),
  text([32100, 0, 4], 'true', one(4, 'Boolean', true)),
  text([32100, 0, 4], 'false', one(4, 'Boolean', false)),
  text([32100, 0, 5], 'q83vAA==', one(5, 'Opaque', hex('abcdef00')), true),
  text([32100, 0, 5], 'q83vAA', one(5, 'Opaque', hex('abcdef00'))),
  text([32100, 0, 5], '-_8', one(5, 'Opaque', hex('fbff'))),
  text([32100, 0, 5], '', one(5, 'Opaque', hex('')), true),
  text([32100, 0, 6], '1367491215', one(6, 'Time', 1367491215), true),
  text([32100, 0, 6], '1.638435E9', one(6, 'Time', 1638435000)),
  text([32100, 0, 7], '66:0', one(7, 'Objlnk', { objectId: 66, instanceId: 0 }), true),
  text([32100, 0, 7], '65535:65535', one(7, 'Objlnk', { objectId: 65535, instanceId: 65535 }), true),
  text([32100, 0, 8], '</3/0>', one(8, 'Corelnk', '</3/0>'), true),
  text([32100, 0, 301, 7], '5', entry([32100, 0, 301, 7], 'Integer', 5), true),
  text([999, 0, 0], '5', guessed([999, 0, 0], 'String', '5'), true),
  text([32100, 0, 20], 'x', guessed([32100, 0, 20], 'String', 'x'), true),
  { ...text([32100, 0, 1], '12', one(1, 'Integer', 12)), format: 1541, name: 'text, old number', canonical: true },
  opaque([32100, 0, 5], hex('010203'), one(5, 'Opaque', hex('010203')), true),
  opaque([32100, 0, 5], '', one(5, 'Opaque', hex('')), true),
  opaque([999, 0, 0], hex('ff'), guessed([999, 0, 0], 'Opaque', hex('ff')), true),
  cbor([32100, 0, 0], hex('626869'), one(0, 'String', 'hi'), true),
  cbor([32100, 0, 1], hex('3880'), one(1, 'Integer', -129), true),
  cbor([32100, 0, 1], hex('1b0020000000000001'), one(1, 'Integer', 9007199254740993n), true),
  cbor([32100, 0, 1], hex('1900ff'), one(1, 'Integer', 255)),
  cbor([32100, 0, 2], hex('1bffffffffffffffff'), one(2, 'Unsigned Integer', 18446744073709551615n), true),
  cbor([32100, 0, 3], hex('fa42c80000'), one(3, 'Float', 100), true),
  cbor([32100, 0, 3], hex('fb3fb999999999999a'), one(3, 'Float', 0.1), true),
  cbor([32100, 0, 3], hex('f97c00'), one(3, 'Float', Number.POSITIVE_INFINITY)),
  cbor([32100, 0, 3], hex('f90001'), one(3, 'Float', 2 ** -24)),
  cbor([32100, 0, 3], hex('f9c400'), one(3, 'Float', -4)),
  cbor([32100, 0, 3], hex('c48221196ab3'), one(3, 'Float', 273.15)),
  cbor([32100, 0, 3], hex('c5822003'), one(3, 'Float', 1.5)),
  cbor([32100, 0, 4], hex('f5'), one(4, 'Boolean', true), true),
  cbor([32100, 0, 5], hex('43010203'), one(5, 'Opaque', hex('010203')), true),
  cbor([32100, 0, 6], hex('c11a514b67b0'), one(6, 'Time', 1363896240)),
  cbor([32100, 0, 7], hex('6436363a30'), one(7, 'Objlnk', { objectId: 66, instanceId: 0 }), true),
  cbor([999, 0, 0], hex('f4'), guessed([999, 0, 0], 'Boolean', false), true),
  link([32100, 0, 8], '</3/0>;ver="1.1"', one(8, 'Corelnk', '</3/0>;ver="1.1"'), true),
  link([999, 0, 0], '</3/0>', guessed([999, 0, 0], 'Corelnk', '</3/0>'), true),
];

/** Payloads of one value that must be refused. */
export const badPlain: readonly { format: number; request: Path; payload: Buffer }[] = [
  ...['', 'x', '1.5', '1e99', '0x10', '9223372036854775808', '1 2', '--1', 'e5', '.'].map((value) => ({
    format: 0,
    request: [32100, 0, 1],
    payload: Buffer.from(value),
  })),
  { format: 0, request: [32100, 0, 2], payload: Buffer.from('-1') },
  { format: 0, request: [32100, 0, 3], payload: Buffer.from('NaN') },
  { format: 0, request: [32100, 0, 3], payload: Buffer.from('1e999') },
  { format: 0, request: [32100, 0, 4], payload: Buffer.from('yes') },
  { format: 0, request: [32100, 0, 5], payload: Buffer.from('q83v!') },
  { format: 0, request: [32100, 0, 5], payload: Buffer.from('q83vA') },
  { format: 0, request: [32100, 0, 7], payload: Buffer.from('66') },
  { format: 0, request: [32100, 0, 7], payload: Buffer.from('66:65536') },
  { format: 0, request: [32100, 0], payload: Buffer.from('1') },
  { format: 42, request: [32100, 0, 1], payload: Buffer.from('1') },
  { format: 40, request: [32100, 0, 1], payload: Buffer.from('</1>') },
  ...[
    '',
    'f6',
    'ff',
    '80',
    'a0',
    '0101',
    '18',
    '1c',
    'f818',
    '62ff',
    '5bffffffffffffffff',
    '5f4101',
    '5f6161ff',
    'c4',
    'c480',
    'c48101',
    'c483010101',
    'c482f500',
    'c4821a7fffffff01',
    'c482c4820101',
    'c251ff',
    'c260',
  ].map((bytes) => ({ format: 60, request: [32100, 0, 1], payload: hex(bytes) })),
];
