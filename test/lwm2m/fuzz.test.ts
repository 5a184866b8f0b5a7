import test from 'ava';
import fc from 'fast-check';
import type { CoapResponse, ExchangeFailure, Method } from '#src/coap/types.js';
import { fuzzRuns } from '../support/fuzz.js';
import { MemoryPeer } from '../support/memory-port.js';
import { World } from './support/world.js';

const word = fc.oneof(
  fc.constantFrom(
    'ep',
    'lt',
    'lwm2m',
    'b',
    'Q',
    '=',
    '1.1',
    '60',
    'a',
    '/',
    '</3/0>',
    ',',
    ';ver=1.1',
    'rt="oma.lwm2m"',
    '"',
  ),
  fc.string({ maxLength: 4 }),
);
const phrase = fc.array(word, { maxLength: 6 }).map((words) => words.join(''));
const methods = fc.constantFrom<Method>('GET', 'POST', 'PUT', 'DELETE', 'FETCH', 'iPATCH');

test('no request of a device, however odd, goes unanswered or breaks the server', async (t) => {
  const world = await World.start();
  const known = await world.registered('known');
  const path = fc.oneof(
    fc.constantFrom(['rd'], known, ['dp'], ['bs'], ['rd', 'x']),
    fc.array(fc.string({ maxLength: 4 }), { maxLength: 3 }),
  );
  const request = fc.record({
    method: methods,
    path,
    query: fc.array(fc.oneof(phrase, fc.constant('ep=x')), { maxLength: 4 }),
    contentFormat: fc.oneof(fc.constant(undefined), fc.constantFrom(40, 110, 112, 11542, 65000)),
    payload: fc.oneof(
      phrase.map((text) => Buffer.from(text)),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    ),
  });
  await fc.assert(
    fc.asyncProperty(request, fc.nat(3), async (request, from) => {
      const reply = await world.coap.receive(new MemoryPeer(`peer ${from}`), request);
      t.regex(reply.code, /^[245]\.\d\d$/);
      t.not(reply.code, '5.00');
    }),
    { numRuns: fuzzRuns },
  );
  t.true(world.server.size < 100);
});

const paths = fc.constantFrom('/3/0/0', '/3/0', '/3', '/1/0/6', '/31024/0', '/9/0/0', '/', '/3/0/6/1', 'x');
const command = fc.oneof(
  fc.record({
    msgType: fc.constantFrom(
      'read',
      'discover',
      'execute',
      'delete',
      'observe',
      'cancel-observe',
      'write-attr',
      'nothing',
    ),
    data: fc.record({ path: paths }),
  }),
  fc.record({
    msgType: fc.constantFrom('write', 'create'),
    data: fc.record({
      basePath: paths,
      content: fc.array(
        fc.record({ path: fc.constantFrom('0', '1', '0/1', '/6'), value: fc.jsonValue({ maxDepth: 0 }) }),
      ),
    }),
  }),
  fc.record({ CmdID: fc.nat(), Command: fc.constantFrom('Read', 'Observe', 'Delete'), BaseName: paths }),
  fc.jsonValue({ maxDepth: 2 }),
);
const response = fc.record({
  code: fc.constantFrom<CoapResponse['code']>('2.05', '2.04', '2.01', '4.04', '4.06', '4.15', '5.00', '2.31', '4.99'),
  contentFormat: fc.constantFrom(undefined, 0, 40, 42, 60, 110, 112, 11542, 11543, 11544, 9),
  payload: fc.oneof(
    fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
    phrase.map((text) => Buffer.from(text)),
  ),
  observe: fc.constantFrom(undefined, 1),
  location: fc.constantFrom(undefined, [], ['5', '1'], ['x']),
});
const outcome = fc.oneof(
  { weight: 4, arbitrary: response },
  fc.constantFrom<ExchangeFailure>('TIMEOUT', 'RESET', 'CANCELLED', 'TOO_LARGE', 'PROTOCOL'),
);

test('every command is answered once, whatever it is and whatever the device says to it', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(command, fc.array(outcome, { minLength: 1, maxLength: 3 })), { maxLength: 8 }),
      async (script) => {
        const world = await World.start();
        await world.registered('ep', { query: ['lwm2m=1.1'] });
        for (const [json, outcomes] of script) {
          await world.command('lwm2m/ep/dn/x', JSON.stringify(json));
          for (let i = 0; world.coap.sent.length > 0; i += 1) {
            const next = outcomes[i % outcomes.length];
            if (typeof next === 'string') world.coap.next().fail(next);
            else world.coap.next().answer(next as CoapResponse);
            await world.settled();
          }
          const answers = world.published().filter(([topic]) => topic === 'lwm2m/ep/up/resp');
          t.is(answers.length, 1, JSON.stringify(json));
          t.notThrows(() => JSON.parse(answers[0]?.[1] ?? ''));
        }
      },
    ),
    { numRuns: fuzzRuns / 10 },
  );
});
