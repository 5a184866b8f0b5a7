import test from 'ava';
import fc from 'fast-check';
import { DecodeError } from '#src/core/errors.js';
import { type Json, parseJson, writeJson } from '#src/lwm2m/dialects/json.js';
import { parseCommand } from '#src/lwm2m/dialects/parse-command.js';

test('long integers are exact, and other values beside them unharmed', (t) => {
  const text =
    '{"a":18446744073709551615,"b":"9223372036854775807","n1234567890123456":[-9223372036854775808,1.5,true,null,"s\\"n"],"c":{"d":"n5"}}';
  const value = parseJson(text);
  t.deepEqual(value, {
    a: 18446744073709551615n,
    b: '9223372036854775807',
    n1234567890123456: [-9223372036854775808n, 1.5, true, null, 's"n'],
    c: { d: 'n5' },
  });
  t.is(writeJson(value as Json), text);
});

test('what is not JSON is an error, not a throw', (t) => {
  for (const text of [
    '',
    '{',
    '{"a":1234567890123456',
    '"1234567890123456',
    '1234567890123456e',
    '[1234567890123456,]',
  ]) {
    t.true(parseJson(text) instanceof DecodeError, text);
  }
});

test('JSON of any kind comes back as it was', (t) => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);
      t.is(writeJson(parseJson(text) as Json), text);
      // The same beside a long number, which takes the other way through the parser.
      const beside = `[12345678901234567890,${text}]`;
      t.is(writeJson(parseJson(beside) as Json), beside);
    }),
  );
});

test('no command, however wrong, throws', (t) => {
  const names = fc.constantFrom('Read', 'Write', 'Create', 'Execute', 'Discover', 'Write-Attributes', 'Observe');
  const types = fc.constantFrom('read', 'write', 'create', 'execute', 'discover', 'write-attr', 'cancel-observe');
  const scalar = fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constantFrom('/3/0/1', '/3', '3/0/', '/', '', '1'));
  const data = fc.record(
    {
      path: scalar,
      basePath: scalar,
      value: scalar,
      type: scalar,
      args: scalar,
      content: fc.array(fc.record({ path: scalar, value: scalar, type: scalar }, { requiredKeys: [] })),
    },
    { requiredKeys: [] },
  );
  const records = fc.record({
    bn: scalar,
    e: fc.array(fc.record({ n: scalar, v: scalar, sv: scalar }, { requiredKeys: [] })),
  });
  const command = fc.oneof(
    fc.record({ msgType: types, data: fc.oneof(data, scalar), encoding: fc.constantFrom('hex', 'plain') }),
    fc.record(
      { CmdID: scalar, Command: names, BaseName: scalar, Arguments: scalar, Value: fc.oneof(records, scalar) },
      { requiredKeys: ['CmdID'] },
    ),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(command, (json) => {
      const parsed = parseCommand(Buffer.from(JSON.stringify(json)), 'msgtype');
      if (parsed.kind === 'command') {
        t.notThrows(() => JSON.parse(parsed.replies.answer({ kind: 'done', code: '2.04' })));
      } else {
        t.notThrows(() => JSON.parse(parsed.answer));
      }
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      t.is(parseCommand(Buffer.from(bytes), 'cmdid').kind, 'invalid');
    }),
  );
});
