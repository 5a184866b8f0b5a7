import test from 'ava';
import fc from 'fast-check';
import { cmdIdTopics, msgTypeTopics } from '#src/lwm2m/options.js';
import { compileTopics, endpointOfLevel, topicLevel } from '#src/lwm2m/topics.js';

test('topics of a device, and the device of a topic', (t) => {
  const { command, response } = compileTopics('lwm2m/%e/', msgTypeTopics);
  t.is(command.wildcard, 'lwm2m/+/dn/#');
  t.is(response.of('urn:1', '10.0.0.1'), 'lwm2m/urn:1/up/resp');
  t.is(command.match('lwm2m/urn:1/dn/dm')?.endpoint, 'urn:1');
  t.is(command.match('lwm2m/urn:1/dn')?.endpoint, 'urn:1');
  t.is(command.match('lwm2m/urn:1/dn/a/b')?.endpoint, 'urn:1');
  for (const other of ['lwm2m/urn:1/up/resp', 'lwm2m/a/b/dn/dm', 'x/lwm2m/a/dn/dm', 'lwm2m//dn/dm']) {
    t.is(command.match(other), undefined, other);
  }
});

test('mountpoints with an address, with a part of a level, and with nothing of the device', (t) => {
  const both = compileTopics('%a/dev-%e/', cmdIdTopics).command;
  t.is(both.wildcard, '+/+/command');
  t.is(both.of('ep', '::1'), '::1/dev-ep/command');
  t.deepEqual(both.match('10.0.0.1/dev-ep/command'), { endpoint: 'ep', address: '10.0.0.1' });
  t.is(both.match('10.0.0.1/ep/command'), undefined);
  const none = compileTopics('fleet/', cmdIdTopics).command;
  t.is(none.wildcard, undefined);
  t.truthy(none.match('fleet/command'));
  const dots = compileTopics('a.b/%e/', cmdIdTopics).command;
  t.is(dots.match('aXb/ep/command'), undefined);
});

test('answers must not come back as commands', (t) => {
  for (const command of ['#', '+/#', 'up/#', '+/resp', 'up/resp']) {
    t.throws(() => compileTopics('lwm2m/%e/', { ...msgTypeTopics, command }), { code: 'CONFIG' }, command);
  }
});

test('any endpoint name is one level, its own, and comes back', (t) => {
  const name = fc.oneof(fc.string({ minLength: 1 }), fc.stringMatching(/^[%2FB35C0/+#a]{1,8}$/));
  fc.assert(
    fc.property(name, name, (a, b) => {
      t.is(endpointOfLevel(topicLevel(a)), a);
      t.false(/[/+#\0]/.test(topicLevel(a)));
      t.is(topicLevel(a) === topicLevel(b), a === b);
    }),
  );
  t.is(topicLevel('urn:dev:os:32473-%20x'), 'urn:dev:os:32473-%20x');
});
