import type { Entry } from '#src/lwm2m/values.js';
import { deviceEntries } from './lwm2m-tlv.js';
import { entry, guessed, hex, type Lwm2mVector } from './lwm2m-vector.js';

const json = (
  name: string,
  request: readonly number[],
  text: string,
  entries: readonly Entry[],
  canonical = false,
): Lwm2mVector => ({ name, format: 110, request, payload: Buffer.from(text), entries, canonical });

const cbor = (
  name: string,
  request: readonly number[],
  text: string,
  entries: readonly Entry[],
  canonical = false,
): Lwm2mVector => ({ name, format: 112, request, payload: hex(text), entries, canonical });

/** The time at which the vectors with relative times are read, seconds since 1970. */
export const NOW = 1_700_000_000;

/** SenML CBOR from Leshan's and Wakaama's tests and the specification's threads, and what RFC 8428 implies. */
export const senmlCborVectors: readonly Lwm2mVector[] = [
  cbor(
    'device',
    [3, 0],
    `90a321652f332f302f00613003744f70656e204d6f62696c6520416c6c69616e6365a200613103764c69676874776569676874204d324d20436c6
    9656e74a20061320369333435303030313233a20061330363312e30a20063362f300201a20063362f310205a20063372f3002190ed8a20063372f
    3102191388a20063382f3002187da20063382f3102190384a2006139021864a200623130020fa2006431312f300200a200623133021a5182428fa
    20062313403662b30323a3030a200623136036155`.replaceAll('\n', ''),
    deviceEntries,
    true,
  ),
  cbor('opaque', [0, 0, 3], '81a221662f302f302f330843abcdef', [entry([0, 0, 3], 'Opaque', hex('abcdef'))], true),
  cbor('half float, value before name', [], '81a202f95cb0216b2f333434322f302f313330', [
    entry([3442, 0, 130], 'Float', 300),
  ]),
  cbor(
    'times as decimal fractions',
    [],
    `83a321662f302f302f3022c482001a1dcd6504036c53616d706c65537472696e67
    a321662f302f302f3122c482001a1dcd650504f4 a321662f302f302f3222c482001a1dcd6506021901c8`.replaceAll('\n', ''),
    [
      entry([0, 0, 0], 'String', 'SampleString', 500000004),
      entry([0, 0, 1], 'Boolean', false, 500000005),
      entry([0, 0, 2], 'Integer', 456, 500000006),
    ],
  ),
  cbor(
    'object link under its text label',
    [],
    '81a200692f36352f302f302f3063766c6f6436363a30',
    [entry([65, 0, 0, 0], 'Objlnk', { objectId: 66, instanceId: 0 })],
    true,
  ),
  cbor('text labels', [3, 0], '81bf 62626e 652f332f302f 616e 6139 6176 1850 ff', [entry([3, 0, 9], 'Integer', 80)]),
  cbor('indefinite lengths', [3, 0, 0], '9fbf21 7f642f332f30622f30ff 03 7f 6161 6162 ff ff ff', [
    entry([3, 0, 0], 'String', 'ab'),
  ]),
  cbor(
    'uint64',
    [32100, 0, 2],
    '81a221 6a2f33323130302f302f32 02 1bffffffffffffffff',
    [entry([32100, 0, 2], 'Unsigned Integer', 18446744073709551615n)],
    true,
  ),
  cbor(
    'int64, lowest',
    [32100, 0, 1],
    '81a221 6a2f33323130302f302f31 02 3b7fffffffffffffff',
    [entry([32100, 0, 1], 'Integer', -9223372036854775808n)],
    true,
  ),
  cbor('bignum of 8 bytes', [32100, 0, 2], '81a221 6a2f33323130302f302f32 02 c2 48ffffffffffffffff', [
    entry([32100, 0, 2], 'Unsigned Integer', 18446744073709551615n),
  ]),
  cbor('a float where the definition says integer', [3, 0, 9], '81a221662f332f302f3902fb4059000000000000', [
    entry([3, 0, 9], 'Integer', 100),
  ]),
  cbor('an integer where the definition says float', [6, 0, 0], '81a221662f362f302f30021864', [
    entry([6, 0, 0], 'Float', 100),
  ]),
  cbor('no records', [3, 0], '80', [], true),
];

/** SenML JSON, likewise. */
export const senmlJsonVectors: readonly Lwm2mVector[] = [
  json(
    'base time carries across a new base name',
    [],
    '[{"bn":"/3303/0/5700","bt":1699877805.766,"v":-128.8},{"bn":"/6/0/0","t":0.101,"v":-39.0}]',
    [entry([3303, 0, 5700], 'Float', -128.8, 1699877805.766), entry([6, 0, 0], 'Float', -39, 1699877805.867)],
  ),
  json(
    'base time changes in the pack',
    [3303, 0, 5700],
    '[{"bn":"/3303/0/5700","bt":500000000,"v":1},{"bt":600000000,"t":-1,"v":2}]',
    [entry([3303, 0, 5700], 'Float', 1, 500000000), entry([3303, 0, 5700], 'Float', 2, 599999999)],
  ),
  json('times relative to now', [3303, 0, 5700], '[{"bn":"/3303/0/5700","v":1,"t":-60},{"v":2,"t":0},{"v":3}]', [
    entry([3303, 0, 5700], 'Float', 1, NOW - 60),
    entry([3303, 0, 5700], 'Float', 2, NOW),
    entry([3303, 0, 5700], 'Float', 3),
  ]),
  json('a base time relative to now', [], '[{"bn":"/3303/0/","bt":-10,"n":"5700","v":1,"t":4}]', [
    entry([3303, 0, 5700], 'Float', 1, NOW - 6),
  ]),
  json(
    'device',
    [3, 0],
    '[{"bn":"/3/0/","n":"0","vs":"Open Mobile Alliance"},{"n":"6/0","v":1},{"n":"9","v":100},{"n":"14","vs":"+02:00"}]',
    [
      entry([3, 0, 0], 'String', 'Open Mobile Alliance'),
      entry([3, 0, 6, 0], 'Integer', 1),
      entry([3, 0, 9], 'Integer', 100),
      entry([3, 0, 14], 'String', '+02:00'),
    ],
    true,
  ),
  json(
    'opaque in URL alphabet',
    [0, 0, 3],
    '[{"bn":"/0/0/3","vd":"q83v"}]',
    [entry([0, 0, 3], 'Opaque', hex('abcdef'))],
    true,
  ),
  json(
    'opaque without padding',
    [0, 0, 3],
    '[{"bn":"/0/0/3","vd":"-_8"}]',
    [entry([0, 0, 3], 'Opaque', hex('fbff'))],
    true,
  ),
  json('opaque in the other alphabet, padded', [0, 0, 3], '[{"bn":"/0/0/3","vd":"+/8="}]', [
    entry([0, 0, 3], 'Opaque', hex('fbff')),
  ]),
  json(
    'uint64',
    [32100, 0, 2],
    '[{"bn":"/32100/0/2","v":18446744073709551615}]',
    [entry([32100, 0, 2], 'Unsigned Integer', 18446744073709551615n)],
    true,
  ),
  json(
    'int64',
    [32100, 0, 1],
    '[{"bn":"/32100/0/1","v":9223372036854775800}]',
    [entry([32100, 0, 1], 'Integer', 9223372036854775800n)],
    true,
  ),
  json('an exponent is an integer', [3, 0, 13], '[{"bn":"/3/0/13","v":1.638435E9}]', [
    entry([3, 0, 13], 'Time', 1638435000),
  ]),
  json('an exponent beyond 2^53 is exact', [32100, 0, 2], '[{"bn":"/32100/0/2","v":1.8446744073709551615e19}]', [
    entry([32100, 0, 2], 'Unsigned Integer', 18446744073709551615n),
  ]),
  json(
    'long digits in a string are no number',
    [3, 0, 0],
    '[{"bn":"/3/0/0","vs":"{\\"v\\":18446744073709551615}"}]',
    [entry([3, 0, 0], 'String', '{"v":18446744073709551615}')],
    true,
  ),
  json('a base that stops within an id', [3, 0, 11], '[{"bn":"/3/0/1","n":"1/0","v":0}]', [
    entry([3, 0, 11, 0], 'Integer', 0),
  ]),
  json('a base without its slash', [3, 0], '[{"bn":"/3/0","n":"9","v":80},{"n":"6/0","v":1}]', [
    entry([3, 0, 9], 'Integer', 80),
    entry([3, 0, 6, 0], 'Integer', 1),
  ]),
  json('a base value', [3, 0, 9], '[{"bn":"/3/0/9","bv":50,"v":30}]', [entry([3, 0, 9], 'Integer', 80)]),
  json('units and sums are read over', [3, 0, 9], '[{"bn":"/3/0/9","bu":"%","u":"%","s":5,"x":[{"y":[]}],"v":80}]', [
    entry([3, 0, 9], 'Integer', 80),
  ]),
  json('a record that only sets the base', [3, 0, 9], '[{"bn":"/3/0/9"},{"v":80}]', [entry([3, 0, 9], 'Integer', 80)]),
  json(
    'kinds without a definition',
    [999, 0],
    '[{"bn":"/999/0/","n":"0","v":1},{"n":"1","v":1.5},{"n":"2","vs":"x"},{"n":"3","vb":true},{"n":"4","vd":"q80"},{"n":"5","vlo":"3:0"},{"n":"6","v":18446744073709551615}]',
    [
      guessed([999, 0, 0], 'Integer', 1),
      guessed([999, 0, 1], 'Float', 1.5),
      guessed([999, 0, 2], 'String', 'x'),
      guessed([999, 0, 3], 'Boolean', true),
      guessed([999, 0, 4], 'Opaque', hex('abcd')),
      guessed([999, 0, 5], 'Objlnk', { objectId: 3, instanceId: 0 }),
      guessed([999, 0, 6], 'Unsigned Integer', 18446744073709551615n),
    ],
    true,
  ),
];

/** Read-Composite's list of paths (Wakaama) and the same in JSON. */
export const pathLists = [
  {
    format: 112,
    payload: hex('83a100662f332f302f30 a100662f332f302f39 a100662f312f302f31'),
    paths: [
      [3, 0, 0],
      [3, 0, 9],
      [1, 0, 1],
    ],
  },
  { format: 110, payload: Buffer.from('[{"n":"/3"},{"n":"/1/0/1"},{"n":"/"}]'), paths: [[3], [1, 0, 1], []] },
] as const;

/** SenML JSON that must be refused as an answer to /3/0. */
export const badSenmlJson: readonly string[] = [
  '',
  '[',
  '[]]',
  '{}',
  '[1]',
  '[{"bn":"/3/0/","n":"9"}]',
  '[{"bn":"/3/0/","n":"9","v":1,"vs":"1"}]',
  '[{"bn":"/3/0/","n":"9","v":1,"v":2}]',
  '[{"bn":"/3/0/","n":"9","v":"1"}]',
  '[{"bn":"/3/0/","n":"9","v":1.5}]',
  '[{"bn":"/3/0/","n":"9","v":9223372036854775808}]',
  '[{"bn":"/3/0/","n":"9","v":null}]',
  '[{"bn":"/3/0/","n":"9","v":01}]',
  '[{"bn":"/3/0/","n":"9","v":1e999}]',
  '[{"bn":"/3/0/","n":"0","vs":"\u0007"}]',
  '[{"bn":"/3/0/","n":"0","vs":"\\x"}]',
  '[{"bn":"/3/0/","n":"0","vs":"x}]',
  '[{"bn":"/3/0/","n":"0","vb":true}]',
  '[{"bn":"/3/0/","n":"9","v":1,"secret_":1}]',
  '[{"bn":"/1/0/","n":"1","v":1}]',
  '[{"bn":"/3/0/","n":"9","v":1,"t":"x"}]',
  '[{"bn":"/3/0/","n":"9","v":1,"bt":1e308,"t":1.7e308}]',
  '[{"bn":"/65/0/0/0","vlo":"65536:0"}]',
  '[{"bn":"/0/0/3","vd":"*"}]',
  `[{"x":${'['.repeat(100)}${']'.repeat(100)}}]`,
];
