import test from 'ava';
import { DecodeError } from '#src/core/errors.js';
import { decode } from '#src/lwm2m/formats/codec.js';
import { parseLinks } from '#src/lwm2m/formats/link.js';
import { testObjects } from '../../support/lwm2m-objects.js';
import { hex } from '../../vectors/lwm2m-vector.js';

const MiB = 2 ** 20;
const options = { nowSeconds: 0 };

/** `unit` over and over to `size` bytes, between `head` and `tail`. */
function fill(unit: Buffer | string, size = 4 * MiB, head: Buffer | string = '', tail = ''): Buffer {
  return Buffer.concat([Buffer.from(head), Buffer.alloc(size, Buffer.from(unit)), Buffer.from(tail)]);
}

const named = Buffer.from('[{"bn":"/3/0/9"}', 'utf8');
const namedCbor = hex('9f a121662f332f302f39');

/** Payloads up to the body limit that try for time, memory or the stack; each must be refused. */
const payloads: readonly (readonly [string, number, Buffer])[] = [
  ['an array of 2^32-1 records', 112, hex('9affffffff')],
  ['an array of 2^64-1 records', 112, hex('9bffffffffffffffff')],
  ['a map of 2^32-1 members', 112, hex('81baffffffff')],
  ['a map of 2^64-1 ids', 11544, hex('bbffffffffffffffff')],
  ['a key of 2^64-1 ids', 11544, hex('a19bffffffffffffffff')],
  ['2^64-1 bytes', 60, hex('5bffffffffffffffff')],
  ['2^32-1 letters', 60, hex('7affffffff')],
  ['a chunk of 2^64-1 bytes', 60, hex('5f5bffffffffffffffffff')],
  ['a fraction of 2^64-1 parts', 60, hex('c49bffffffffffffffff')],
  ['a bignum of a megabyte', 60, fill(hex('ff'), MiB, hex('c25a00100000'))],
  ['a fraction to the power of 2^63', 60, hex('c4821b7fffffffffffffff01')],
  ['arrays in arrays', 112, fill(hex('81'))],
  ['arrays in an unknown member', 112, fill(hex('81'), MiB, hex('81a1617a'))],
  ['maps in an unknown member', 112, fill(hex('a101'), MiB, hex('81a1617a'))],
  ['tags on tags', 60, fill(hex('c1'))],
  ['bignum tags on bignum tags', 60, fill(hex('c2'))],
  ['fraction tags on fraction tags', 60, fill(hex('c482'))],
  ['tags on an unknown member', 112, fill(hex('c1'), MiB, hex('81a1617a'))],
  ['maps in maps', 11544, fill(hex('a103'))],
  ['maps without end', 11544, fill(hex('bf03'))],
  ['empty chunks', 60, fill(hex('40'), 4 * MiB, hex('5f'))],
  ['small records', 112, fill(hex('a10200'), 4 * MiB, namedCbor)],
  ['empty records', 112, fill(hex('a0'), 4 * MiB, namedCbor)],
  ['small values', 11544, fill(hex('0900'), 4 * MiB, hex('bf03bf00bf'))],
  ['[[[', 110, fill('[')],
  ['[[[ in an unknown member', 110, fill('[', MiB, '[{"x":')],
  ['{{{ in an unknown member', 110, fill('{"":', MiB, '[{"x":')],
  ['small JSON records', 110, fill(',{"v":0}', 4 * MiB, named)],
  ['empty JSON records', 110, fill(',{}', 3 * MiB, named)],
  ['a number of a million digits', 110, fill('9', MiB, '[{"bn":"/3/0/9","v":', '}]')],
  ['a number of a million zeros', 110, fill('0', MiB, '[{"bn":"/3/0/9","v":1', '}]')],
  ['a fraction of a million digits', 110, fill('3', MiB, '[{"bn":"/3/0/9","v":1.', '}]')],
  ['a string that does not end', 110, fill('\\"', MiB, '[{"vs":"')],
  ['blanks', 110, fill(' ')],
  ['small elements', 11543, fill(',{"v":0}', 4 * MiB, '{"bn":"/3/0/9","e":[{"v":0}')],
  ['empty elements', 11543, fill(',{}', 3 * MiB, '{"bn":"/3/0/9","e":[{"v":0}')],
  ['a name of a megabyte', 110, fill('/0', MiB, '[{"n":"', '","v":1}]')],
  ['a base64 of a megabyte', 110, fill('=', MiB, '[{"n":"/0/0/3","vd":"', '"}]')],
  ['small resources', 11542, fill(hex('C10900'))],
  ['instances of no bytes', 11542, fill(hex('4000'))],
  ['a million digits', 0, fill('9', MiB)],
  ['a million blanks and a letter', 0, fill(' ', MiB, '', 'x')],
];

for (const [name, format, payload] of payloads) {
  test(`${format}: ${name}`, (t) => {
    const request = format === 11544 || format === 112 || format === 110 ? [] : [3, 0, 9];
    const before = process.memoryUsage().rss;
    const started = performance.now();
    const result = decode(format, payload, request, testObjects, options);
    t.true(result instanceof DecodeError);
    // Generous, for slow machines: what goes wrong here goes wrong by orders of magnitude.
    t.true(performance.now() - started < 5000);
    t.true(process.memoryUsage().rss - before < 300 * MiB);
  });
}

for (const unit of ['<', '"', '\\"', ' ', ';', ',', '</1>;a="', '=', '<,']) {
  test(`links: a megabyte of ${unit}`, (t) => {
    const started = performance.now();
    parseLinks(fill(unit, MiB).toString());
    parseLinks(`</1>${fill(unit, MiB).toString()}`);
    t.true(performance.now() - started < 5000);
  });
}
