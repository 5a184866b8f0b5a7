import test from 'ava';
import fc from 'fast-check';
import { CmdIdReplies } from '#src/lwm2m/dialects/cmdid-replies.js';
import type { JsonObject } from '#src/lwm2m/dialects/json.js';
import { echo } from '#src/lwm2m/dialects/msgtype-replies.js';
import type { Entry } from '#src/lwm2m/values.js';

const id = fc.integer({ min: 0, max: 65534 });
const value = fc.oneof(
  fc.string().map((text) => ({ type: 'String', value: text, key: 'sv', json: text }) as const),
  fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .map((n) => ({ type: 'Float', value: n, key: 'v', json: n }) as const),
  fc
    .bigInt({ min: 2n ** 60n, max: 2n ** 63n - 1n })
    .map((n) => ({ type: 'Integer', value: n, key: 'v', json: String(n) }) as const),
  fc.boolean().map((flag) => ({ type: 'Boolean', value: flag, key: 'bv', json: flag }) as const),
  fc.uint8Array().map((bytes) => {
    const buffer = Buffer.from(bytes);
    return { type: 'Opaque', value: buffer, key: 'sv', json: buffer.toString('base64') } as const;
  }),
  fc
    .record({ objectId: id, instanceId: id })
    .map((link) => ({ type: 'Objlnk', value: link, key: 'ov', json: `${link.objectId}:${link.instanceId}` }) as const),
);

test('an answer of the CmdID dialect is what its values say, with keys in alphabetical order', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ resource: id, value, time: fc.option(id, { nil: undefined }) }), {
        minLength: 2,
        maxLength: 5,
      }),
      fc.oneof(fc.integer(), fc.string()),
      (values, CmdID) => {
        const entries = values.map(
          ({ resource, value: { type, value }, time }): Entry => ({
            path: [3, 0, resource],
            type,
            value,
            ...(time === undefined ? {} : { time }),
          }),
        );
        const replies = new CmdIdReplies({ CmdID, Command: 'Read', BaseName: '/3/0' }, [3, 0]);
        const e = values.map(({ resource, value: { key, json }, time }) => {
          const record: Record<string, unknown> = { n: String(resource), [key]: json };
          if (time !== undefined) record['t'] = time;
          return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
        });
        const expected = JSON.stringify({ CmdID, Command: 'Read', Result: { bn: '/3/0', e } });
        const answer = replies.answer({ kind: 'content', code: '2.05', entries, defined: true });
        t.is(answer, expected);
      },
    ),
  );
});

test("an echo has the request's keys in their order, replaced or not, and others after them", (t) => {
  const json = fc.object({ maxDepth: 1, withNullPrototype: false }) as fc.Arbitrary<JsonObject>;
  fc.assert(
    fc.property(json, fc.dictionary(fc.constantFrom('data', 'other', 'msgType'), fc.string()), (request, replaced) => {
      const asked = JSON.parse(JSON.stringify(request)) as JsonObject;
      t.deepEqual(JSON.parse(echo(asked, replaced)), { ...asked, ...replaced });
      const keys = [...Object.keys(asked), ...Object.keys(replaced).filter((key) => !Object.hasOwn(asked, key))];
      t.deepEqual(Object.keys(JSON.parse(echo(asked, replaced)) as object), keys);
    }),
  );
  t.is(
    echo({ msgType: 'observe', a: 1 }, { msgType: 'notify', seqNum: 4, data: {} }),
    '{"msgType":"notify","seqNum":4,"a":1,"data":{}}',
  );
  t.is(
    echo(JSON.parse('{"__proto__":1,"msgType":"x"}') as JsonObject, { data: 1 }),
    '{"__proto__":1,"msgType":"x","data":1}',
  );
});
