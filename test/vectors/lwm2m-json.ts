import type { Entry } from '#src/lwm2m/values.js';
import { NOW } from './lwm2m-senml.js';
import { entry, guessed, hex, type Lwm2mVector } from './lwm2m-vector.js';

function json(request: readonly number[], text: string, entries: readonly Entry[], canonical = false): Lwm2mVector {
  return { name: text, format: 11543, request, payload: Buffer.from(text), entries, canonical };
}

/** The JSON of LwM2M 1.0, as Leshan and the first gateways write it. */
export const jsonVectors: readonly Lwm2mVector[] = [
  json([3, 0, 0], '{"bn":"/3/0/0","e":[{"sv":"EMQ"}]}', [entry([3, 0, 0], 'String', 'EMQ')], true),
  json(
    [3, 0],
    '{"bn":"/3/0/","e":[{"n":"0","sv":"Open Mobile Alliance"},{"n":"6/0","v":1},{"n":"9","v":100}]}',
    [
      entry([3, 0, 0], 'String', 'Open Mobile Alliance'),
      entry([3, 0, 6, 0], 'Integer', 1),
      entry([3, 0, 9], 'Integer', 100),
    ],
    true,
  ),
  json([3, 0], '{"bn":"/3/0","e":[{"n":"13","v":12345},{"n":"14","sv":"87x"}]}', [
    entry([3, 0, 13], 'Time', 12345),
    entry([3, 0, 14], 'String', '87x'),
  ]),
  json([2], '{"bn":"/2","e":[{"n":"0/1","v":1},{"n":"2/2/310","v":3}]}', [
    entry([2, 0, 1], 'Integer', 1),
    entry([2, 2, 2, 310], 'Integer', 3),
  ]),
  json([3, 0, 11], '{"bn":"3/0/1","e":[{"n":"1/0","v":0}]}', [entry([3, 0, 11, 0], 'Integer', 0)]),
  json([3, 0], '{"e":[{"n":"9","v":100},{"n":"6/1","v":5}]}', [
    entry([3, 0, 9], 'Integer', 100),
    entry([3, 0, 6, 1], 'Integer', 5),
  ]),
  json([3, 0, 9], '{"e":[{"v":100}]}', [entry([3, 0, 9], 'Integer', 100)]),
  json([3, 0, 9], '{"e":[{"n":"","v":1E2}],"bn":"/3/0/9"}', [entry([3, 0, 9], 'Integer', 100)]),
  json(
    [32100, 0],
    '{"bn":"/32100/0/","e":[{"n":"1","v":-9223372036854775808},{"n":"2","v":18446744073709551615},{"n":"3","v":0.5},{"n":"4","bv":true},{"n":"5","sv":"q83vAA=="},{"n":"6","v":1367491215},{"n":"7","ov":"66:0"},{"n":"8","sv":"</1>"}]}',
    [
      entry([32100, 0, 1], 'Integer', -9223372036854775808n),
      entry([32100, 0, 2], 'Unsigned Integer', 18446744073709551615n),
      entry([32100, 0, 3], 'Float', 0.5),
      entry([32100, 0, 4], 'Boolean', true),
      entry([32100, 0, 5], 'Opaque', hex('abcdef00')),
      entry([32100, 0, 6], 'Time', 1367491215),
      entry([32100, 0, 7], 'Objlnk', { objectId: 66, instanceId: 0 }),
      entry([32100, 0, 8], 'Corelnk', '</1>'),
    ],
    true,
  ),
  json([6, 0], '{"bn":"/6/0/","bt":25462634,"e":[{"n":"0","v":22.4,"t":-5},{"n":"0","v":22.9,"t":-30}]}', [
    entry([6, 0, 0], 'Float', 22.4, 25462629),
    entry([6, 0, 0], 'Float', 22.9, 25462604),
  ]),
  json([6, 0], '{"bn":"/6/0/","e":[{"n":"0","v":22.4,"t":-5},{"n":"0","v":22.9}]}', [
    entry([6, 0, 0], 'Float', 22.4, NOW - 5),
    entry([6, 0, 0], 'Float', 22.9),
  ]),
  json(
    [999, 0],
    '{"bn":"/999/0/","e":[{"n":"0","v":1},{"n":"1","sv":"q83v"},{"n":"2","bv":false},{"n":"3","ov":"3:0"}]}',
    [
      guessed([999, 0, 0], 'Integer', 1),
      guessed([999, 0, 1], 'String', 'q83v'),
      guessed([999, 0, 2], 'Boolean', false),
      guessed([999, 0, 3], 'Objlnk', { objectId: 3, instanceId: 0 }),
    ],
    true,
  ),
  { ...json([3, 0, 9], '{"bn":"/3/0/9","e":[{"v":100}]}', [entry([3, 0, 9], 'Integer', 100)], true), format: 1543 },
];

/** JSON that must be refused as an answer to /3/0. */
export const badJson: readonly string[] = [
  '',
  '[]',
  '{"bn":"/3/0/","e":{}}',
  '{"bn":"/3/0/","e":[{"n":"9"}]}',
  '{"bn":"/3/0/","e":[{"n":"9","v":"1"}]}',
  '{"bn":"/3/0/","e":[{"n":"9","v":1,"sv":"1"}]}',
  '{"bn":"/3/0/","e":[{"n":"9","v":null}]}',
  '{"bn":"/3/0/","e":[{"n":"0","sv":5}]}',
  '{"bn":"/3/0/","e":[{"n":"0","ov":"5"}]}',
  '{"bn":"/3/0/","e":[{"n":"x","v":5}]}',
  '{"bn":"/4/0/","e":[{"n":"9","v":5}]}',
  '{"bn":5,"e":[]}',
  '{"bn":"/3/0/","e":[{"n":"9","v":5}]} x',
];
