import test from 'ava';
import { MemoryPeer } from '../support/memory-port.js';
import type { FakeObservation } from './support/fake-coap.js';
import { text, World } from './support/world.js';

const read = (id: number): string => `{"reqID":${id},"msgType":"read","data":{"path":"/3/0/0"}}`;
const execute = '{"reqID":5,"msgType":"execute","data":{"path":"/3/0/4"}}';
const queued = (id: number): string => `{"reqID":${id},"msgType":"queued","data":{"path":"/3/0/0"}}`;
const window = 93_000;
const peer = new MemoryPeer('peer of ep');

async function sleeper(query = ['b=UQ', 'lt=3600']): Promise<{ world: World; path: string[] }> {
  const world = await World.start({ queueTtlMs: 600_000 });
  return { world, path: await world.registered('ep', { query }) };
}

test('a device in queue mode listens for a while after its last packet', async (t) => {
  for (const query of [['b=UQ'], ['lwm2m=1.1', 'b=U', 'Q']]) {
    const { world } = await sleeper(query);
    world.clock.advance(window - 1);
    await world.command('lwm2m/ep/dn/dm', read(1));
    t.is(world.coap.sent.length, 1);
    await world.answer({ code: '2.05', ...text('x') });
    world.clock.advance(window - 1);
    await world.command('lwm2m/ep/dn/dm', read(2));
    t.is(world.coap.sent.length, 1);
  }
});

test('commands to a sleeper are told to wait, and follow its update in order', async (t) => {
  const { world, path } = await sleeper();
  world.clock.advance(window);
  world.published();
  await world.command('lwm2m/ep/dn/dm', read(1));
  await world.command('lwm2m/ep/dn/dm', read(2));
  await world.command('lwm2m/ep/command', '{"CmdID":3,"Command":"Execute","BaseName":"/3/0/4"}');
  t.is(world.coap.sent.length, 0);
  t.deepEqual(
    world.published().map(([, answer]) => answer),
    [queued(1), queued(2)],
  );
  await world.coap.receive(peer, { method: 'POST', path });
  world.published();
  for (let i = 0; i < 3; i += 1) await world.answer({ code: '4.04' });
  t.deepEqual(
    world.published().map(([, answer]) => /"(?:reqID|CmdID)":(\d)/.exec(answer)?.[1]),
    ['1', '2', '3'],
  );
});

test('a notification wakes as well', async (t) => {
  const { world } = await sleeper();
  await world.command('lwm2m/ep/dn/dm', '{"reqID":8,"msgType":"observe","data":{"path":"/3/0/9"}}');
  await world.answer({ code: '2.05', observe: 1, ...text('80') });
  world.clock.advance(window);
  await world.command('lwm2m/ep/dn/dm', read(1));
  t.is(world.coap.sent.length, 0);
  (world.coap.observations[0] as FakeObservation).notify({ observe: 2, ...text('79') });
  t.is(world.coap.sent.length, 1);
});

test('what waits too long is answered so', async (t) => {
  const { world } = await sleeper();
  world.clock.advance(window);
  await world.command('lwm2m/ep/dn/dm', read(1));
  world.clock.advance(1000);
  await world.command('lwm2m/ep/dn/dm', read(2));
  world.published();
  world.clock.advance(599_000);
  t.deepEqual(world.published(), [
    ['lwm2m/ep/up/resp', '{"reqID":1,"msgType":"read","data":{"reqPath":"/3/0/0","code":"6.04","codeMsg":"expired"}}'],
  ]);
  world.clock.advance(1000);
  t.is(world.published().length, 1);
});

test('a command that found its device asleep is kept for when it wakes, before those that came later', async (t) => {
  const { world, path } = await sleeper();
  await world.command('lwm2m/ep/dn/dm', read(1));
  await world.command('lwm2m/ep/dn/dm', read(2));
  world.coap.next().fail('TIMEOUT');
  await world.settled();
  t.deepEqual(world.published(), [
    ['lwm2m/ep/up/resp', '{"msgType":"asleep","data":{"ep":"ep"}}'],
    ['lwm2m/ep/up/resp', queued(1)],
  ]);
  t.is(world.coap.sent.length, 0);
  await world.coap.receive(peer, { method: 'POST', path });
  world.published();
  await world.answer({ code: '4.04' });
  t.true(world.published()[0]?.[1].startsWith('{"reqID":1,'));
});

test('a cancellation that found its device asleep is made again, and answered as what it is', async (t) => {
  const cancel = '{"reqID":9,"msgType":"cancel-observe","data":{"path":"/3/0/9"}}';
  const { world, path } = await sleeper();
  await world.command('lwm2m/ep/dn/dm', '{"reqID":8,"msgType":"observe","data":{"path":"/3/0/9"}}');
  await world.answer({ code: '2.05', observe: 1, ...text('80') });
  const { token } = world.coap.observations[0] as FakeObservation;
  await world.command('lwm2m/ep/dn/dm', cancel);
  world.coap.next().fail('TIMEOUT');
  await world.settled();
  const relation = world.coap.observations.at(-1) as FakeObservation;
  t.deepEqual(relation.token, token);
  await world.coap.receive(peer, { method: 'POST', path });
  world.published();
  t.is(world.request(), 'GET /3/0/9 accept 11542 observe 1');
  await world.answer({ code: '2.05', ...text('7') });
  t.deepEqual(world.published(), [
    [
      'lwm2m/ep/up/resp',
      '{"reqID":9,"msgType":"cancel-observe","data":{"reqPath":"/3/0/9","code":"2.05","codeMsg":"content","content":[{"path":"/3/0/9","value":7}]}}',
    ],
  ]);
  t.true(relation.forgotten);
});

test('but not one that may not be done twice', async (t) => {
  const { world } = await sleeper();
  await world.command('lwm2m/ep/dn/dm', execute);
  world.coap.next().fail('TIMEOUT');
  await world.settled();
  t.true(world.published()[0]?.[1].includes('"code":"5.04"'));
});

test('sleep and waking are told, and kept as the status', async (t) => {
  const world = await World.start({ statusTopic: 'status' });
  const status = (): string | undefined => world.broker.retained.get('lwm2m/ep/status')?.payload.toString();
  const path = await world.registered('ep', { query: ['b=UQ', 'lt=3600'] });
  t.is(status(), '{"ep":"ep","status":"awake"}');
  world.clock.advance(window);
  t.is(status(), '{"ep":"ep","status":"asleep"}');
  t.deepEqual(world.published()[0], ['lwm2m/ep/up/resp', '{"msgType":"asleep","data":{"ep":"ep"}}']);
  await world.coap.receive(peer, { method: 'POST', path });
  t.is(status(), '{"ep":"ep","status":"awake"}');
  t.deepEqual(
    world.published().map(([, event]) => /"msgType":"(\w+)"/.exec(event)?.[1]),
    ['update', 'awake', undefined],
  );
  await world.coap.receive(peer, { method: 'DELETE', path });
  t.is(status(), '{"ep":"ep","status":"offline"}');
  world.clock.advance(window);
  t.is(status(), '{"ep":"ep","status":"offline"}');
  await world.registered('ep');
  t.is(status(), '{"ep":"ep","status":"online"}');
});

test('a device that leaves queue mode is always awake', async (t) => {
  const { world, path } = await sleeper();
  await world.coap.receive(peer, { method: 'POST', path, query: ['b=U'] });
  world.clock.advance(window);
  await world.command('lwm2m/ep/dn/dm', read(1));
  t.is(world.coap.sent.length, 1);
});
