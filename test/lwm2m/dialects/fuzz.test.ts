import test from 'ava';
import fc from 'fast-check';
import { DecodeError } from '#src/core/errors.js';
import type { Command, Result } from '#src/lwm2m/command.js';
import { isObject, type Json, type JsonObject, parseJson, writeJson } from '#src/lwm2m/dialects/json.js';
import { parseCommand, parseRequest } from '#src/lwm2m/dialects/parse-command.js';
import type { ParsedCommand } from '#src/lwm2m/dialects/parsed-command.js';
import { type DeviceView, planRequest } from '#src/lwm2m/operations.js';
import { fuzzRuns, hostile } from '../../support/fuzz.js';
import { noObjects, testObjects } from '../../support/lwm2m-objects.js';
import { commands } from '../../vectors/lwm2m-commands.js';

const long = 60 * 60_000;
const seeds = commands.map((text) => ({ payload: Buffer.from(text) }));
const dialects = fc.constantFrom<'cmdid' | 'msgtype'>('cmdid', 'msgtype');

const devices: readonly DeviceView[] = (['1.0', '1.1', '1.2'] as const).flatMap((version) =>
  [testObjects, noObjects].map((objects) => ({
    version,
    objects,
    contentFormats: [],
    refusedReads: 0,
    refusedWrites: 0,
    alternatePath: version === '1.1' ? ['lwm2m'] : [],
  })),
);

const results: readonly Result[] = [
  { kind: 'failed', failure: 'timeout' },
  { kind: 'done', code: '2.04' },
  { kind: 'content', code: '2.05', entries: [], defined: true },
  { kind: 'content', code: '2.05', entries: [{ path: [3, 0, 9], type: 'Integer', value: 2n ** 60n }], defined: false },
  { kind: 'links', code: '2.05', links: '</3/0>,</3/0/1>;title="a,b"' },
];

/** What is wrong, as the answer to a command that is none says it. */
function reasonIn(answer: string): string {
  const json = parseJson(answer);
  if (json instanceof DecodeError || !isObject(json)) return '';
  const { data, Reason: reason, Error: error } = json;
  const told = (isObject(data) ? data['reason'] : undefined) ?? reason ?? (error === 'Unknown Command' ? error : '');
  return typeof told === 'string' ? told : '';
}

/** Why the outcome of reading a command is not as it should be; undefined when it is. */
function complaint(parsed: ParsedCommand): string | undefined {
  if (parsed.kind === 'invalid') return reasonIn(parsed.answer) === '' ? `no reason: ${parsed.answer}` : undefined;
  const { command, replies } = parsed;
  for (const device of devices) {
    const plan = planRequest(command, device);
    if (plan.kind === 'failed' && (plan.reason ?? '') === '') return `no reason: ${writeJson(replies.request)}`;
  }
  const texts = results.flatMap((result) => [replies.answer(result), replies.notification(result, 5)]);
  for (const text of texts) if (!isObject(parseJson(text) as Json)) return `no object: ${text}`;
  return sameAfterwards(command, replies.request);
}

/** What the store keeps of a command must be the same command when it is read again. */
function sameAfterwards(command: Command, request: JsonObject): string | undefined {
  const kept = parseJson(writeJson(request));
  const again = kept instanceof DecodeError || !isObject(kept) ? undefined : parseRequest(kept);
  if (again?.kind === 'command' && shown(again.command) === shown(command)) return undefined;
  return `not the same when read again: ${writeJson(request)}`;
}

function shown(command: Command): string {
  return JSON.stringify(command, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}

test('the commands of the vectors are commands', (t) => {
  for (const { payload } of seeds) {
    const parsed = parseCommand(payload, 'msgtype');
    t.is(parsed.kind, 'command', payload.toString());
    t.is(complaint(parsed), undefined);
  }
});

test('damaged commands are commands still, or answered with what is wrong', (t) => {
  t.timeout(long);
  const counts = { command: 0, invalid: 0 };
  fc.assert(
    fc.property(hostile(seeds), dialects, ({ payload }, fallback) => {
      const parsed = parseCommand(payload, fallback);
      counts[parsed.kind] += 1;
      const wrong = complaint(parsed);
      if (wrong !== undefined) throw new Error(wrong);
    }),
    { numRuns: fuzzRuns },
  );
  t.true(counts.command > 0 && counts.invalid > 0);
  t.log(counts);
});

const odd = fc.oneof(
  fc.constantFrom<Json>(
    '',
    '/',
    '/3',
    '3/0/',
    '/3/0/9',
    '/65535',
    '/3/0/0/0/0',
    '-1',
    '1e400',
    null,
    true,
    0,
    -1,
    65535,
  ),
  fc.constantFrom<Json>(2 ** 53, 2n ** 64n - 1n, -(2n ** 63n), 0.1, [], {}, [[]], [{}], '\0', '\u{1F600}', 'replace'),
  fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>,
);
type Change = readonly [place: number, how: number, key: string, value: Json];
const change: fc.Arbitrary<Change> = fc.tuple(
  fc.nat(100),
  fc.nat(3),
  fc.oneof(
    fc.constantFrom(
      'path',
      'basePath',
      'content',
      'value',
      'type',
      'mode',
      'depth',
      'args',
      'paths',
      'encoding',
      'data',
    ),
    fc.constantFrom('BaseName', 'Value', 'Arguments', 'bn', 'e', 'n', 'v', 'bv', 'sv', 'ov', 't', 'CmdID', 'Command'),
    fc.constantFrom('__proto__', 'constructor', 'toString', 'msgType', 'reqID', ''),
  ),
  odd,
);

// Defined, not set: a key may be `__proto__`.
const plain = { enumerable: true, writable: true, configurable: true };

/** Every object and list within a value, itself first. */
function places(json: Json): (JsonObject | Json[])[] {
  if (typeof json !== 'object' || json === null) return [];
  return [json, ...Object.values(json).flatMap(places)];
}

function changed(json: Json, [place, how, key, value]: Change): Json {
  const all = places(json);
  const at = all[place % all.length];
  if (Array.isArray(at)) {
    at.splice(place % (at.length + 1), how % 2, ...(how === 1 ? [] : [structuredClone(value)]));
  } else if (at !== undefined) {
    const keys = Object.keys(at);
    const target = how === 0 ? key : (keys[place % Math.max(keys.length, 1)] ?? key);
    if (how === 1) Reflect.deleteProperty(at, target);
    else Object.defineProperty(at, target, { ...plain, value: structuredClone(value) });
  }
  return json;
}

test('commands with other keys and values are commands still, or answered with what is wrong', (t) => {
  t.timeout(long);
  const counts = { command: 0, invalid: 0 };
  fc.assert(
    fc.property(
      fc.constantFrom(...commands),
      fc.array(change, { minLength: 1, maxLength: 3 }),
      dialects,
      (...input) => {
        const [seed, changes, fallback] = input;
        const json = changes.reduce(changed, parseJson(seed) as Json);
        const parsed = parseCommand(Buffer.from(writeJson(json)), fallback);
        counts[parsed.kind] += 1;
        const wrong = complaint(parsed);
        if (wrong !== undefined) throw new Error(wrong);
      },
    ),
    { numRuns: fuzzRuns },
  );
  t.true(counts.command > 0 && counts.invalid > 0);
  t.log(counts);
});

test('no depth, and no length, is too much', (t) => {
  for (const depth of [100, 499, 501, 100_000]) {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
      ['[{"\\"[":', '}]'],
    ] as const) {
      const nested = `${open.repeat(depth)}1${close.repeat(depth)}`;
      for (const text of [
        `{"reqID":1,"msgType":"read","data":{"path":"/3/0/0"},"x":${nested}}`,
        `{"reqID":12345678901234567890,"msgType":"write-attr","data":{"path":"/3","pmin":${nested}}}`,
        `{"CmdID":1,"Command":${nested}}`,
        `{"CmdID":${nested},"Command":"Read"}`,
      ]) {
        t.is(complaint(parseCommand(Buffer.from(text), 'msgtype')), undefined);
      }
    }
  }
  const started = performance.now();
  for (const text of [
    `{"reqID":12345678901234567890,"x":"${'\\"'.repeat(300_000)}`,
    `{"reqID":12345678901234567890,"msgType":"read","data":{"path":"/3"},"x":"${'\\\\'.repeat(300_000)}"}`,
    `{"reqID":${'1'.repeat(600_000)},"msgType":"read"}`,
    `{"reqID":1,"msgType":"write","data":{"basePath":"${'/'.repeat(300_000)}","content":[${'{"path":"1","value":1},'.repeat(9999)}{}]}}`,
  ]) {
    t.is(complaint(parseCommand(Buffer.from(text), 'msgtype')), undefined);
  }
  t.true(performance.now() - started < 10_000, 'nothing takes long');
});
