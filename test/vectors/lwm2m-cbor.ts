import type { Entry } from '#src/lwm2m/values.js';
import { entry, guessed, hex, type Lwm2mVector } from './lwm2m-vector.js';

function cbor(
  name: string,
  request: readonly number[],
  text: string,
  entries: readonly Entry[],
  canonical = false,
): Lwm2mVector {
  return { name, format: 11544, request, payload: hex(text), entries, canonical };
}

const battery = entry([3, 0, 9], 'Integer', 80);
const both = [entry([3, 0, 9], 'Integer', 80), entry([3, 0, 14], 'String', '+1')];

/**
 * LwM2M CBOR: by hand from the rules of LwM2M 1.2 Core 7.4.4, in diagnostic notation by name. Of the specification's own
 * examples the one of 7.4.4.4 is here. In an answer the ids begin with the object's [7.4.4]; in a Write they may, and do.
 */
export const lwm2mCborVectors: readonly Lwm2mVector[] = [
  cbor('{3: {0: {9: 80}}}', [3, 0, 9], 'a103 a100 a109 1850', [battery], true),
  cbor('{[3, 0, 9]: 80}', [3, 0, 9], 'a1 83030009 1850', [battery]),
  cbor('{[3]: {[0]: {[9]: 80}}}', [3, 0, 9], 'a18103 a18100 a18109 1850', [battery]),
  cbor('{_ [_ 3, 0]: {_ 9: 80}}', [3, 0, 9], 'bf 9f0300ff bf09 1850 ff ff', [battery]),
  cbor('{3: {0: {9: 80, 14: "+1"}}}', [3, 0], 'a103 a100 a2 091850 0e622b31', both, true),
  cbor('{[3, 0]: {9: 80}, [3, 0, 14]: "+1"}', [3, 0], 'a2 820300 a1091850 8303000e 622b31', both),
  cbor(
    '{3: {0: {6: {0: 1, 1: 5}}}}',
    [3, 0, 6],
    'a103 a100 a106 a2 0001 0105',
    [entry([3, 0, 6, 0], 'Integer', 1), entry([3, 0, 6, 1], 'Integer', 5)],
    true,
  ),
  cbor(
    '{1: {0: {0: 101, 1: 86400, 6: true, 7: "U"}, 1: {0: 102}}}',
    [1],
    'a101 a2 00 a4 001865 011a00015180 06f5 076155 01 a1 001866',
    [
      entry([1, 0, 0], 'Integer', 101),
      entry([1, 0, 1], 'Integer', 86400),
      entry([1, 0, 6], 'Boolean', true),
      entry([1, 0, 7], 'String', 'U'),
      entry([1, 1, 0], 'Integer', 102),
    ],
    true,
  ),
  cbor(
    'LwM2M 1.2 Core 7.4.4.4, the Server object: its first instance',
    [1],
    'a101 a100 a7 00 1865 01 1a00015180 02 19012c 03 191770 05 1a00015180 06 f5 07 6155',
    [
      entry([1, 0, 0], 'Integer', 101),
      entry([1, 0, 1], 'Integer', 86400),
      entry([1, 0, 2], 'Integer', 300),
      entry([1, 0, 3], 'Integer', 6000),
      entry([1, 0, 5], 'Integer', 86400),
      entry([1, 0, 6], 'Boolean', true),
      entry([1, 0, 7], 'String', 'U'),
    ],
    true,
  ),
  cbor(
    'as Anjay writes it: ids of the base in one key, resource instances below, no lengths',
    [1, 0],
    'bf 820100 bf 00 1865 06 f5 07 7f 6155 ff ff ff',
    [entry([1, 0, 0], 'Integer', 101), entry([1, 0, 6], 'Boolean', true), entry([1, 0, 7], 'String', 'U')],
  ),
  cbor(
    'several objects',
    [],
    'a2 03 a1 00 a1 09 1850 06 a1 00 a1 00 fa41200000',
    [battery, entry([6, 0, 0], 'Float', 10)],
    true,
  ),
  cbor(
    '{65: {0: {0: {1: "66:1"}}}}',
    [65, 0, 0],
    'a11841 a100 a100 a101 6436363a31',
    [entry([65, 0, 0, 1], 'Objlnk', { objectId: 66, instanceId: 1 })],
    true,
  ),
  cbor('a decimal fraction', [6, 0, 0], 'a1 83060000 c48220182d', [entry([6, 0, 0], 'Float', 4.5)]),
  cbor('no definition', [], 'a11903e7 a100 a2 00 43010203 01 f93e00', [
    guessed([999, 0, 0], 'Opaque', hex('010203')),
    guessed([999, 0, 1], 'Float', 1.5),
  ]),
  cbor('{}', [3, 0], 'a0', [], true),
  cbor('{3: {0: {6: {}}}}', [3, 0, 6], 'a103 a100 a106 a0', []),
];

/** LwM2M CBOR that must be refused as an answer to /3/0. */
export const badLwm2mCbor: readonly string[] = [
  '',
  '80',
  'a1',
  'a103',
  'a10305',
  'a1 80 05',
  'a1 8403000900 a10001',
  'a1 850300090000 05',
  'a1 820300 05',
  'a103 a100 a109 a100 a100 05',
  'a1 83030009 f6',
  'a1 83030009 80',
  'a1 83030009 6130',
  'a1 83040009 05',
  'a1 830300f5 05',
  'a1 83030020 05',
  'a1 830300 19ffff 05',
  'a1 6133 05',
  'a0 00',
  'ba ffffffff',
  'bf 83030009 05',
];
