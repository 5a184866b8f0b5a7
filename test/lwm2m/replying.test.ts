import test from 'ava';
import { CrashStore } from '../support/crash-store.js';
import type { PublishOptions } from '../support/fake-broker.js';
import { MemoryPeer } from '../support/memory-port.js';
import { text, World } from './support/world.js';

const read = (id: number): string => `{"reqID":${id},"msgType":"read","data":{"path":"/3/0/0"}}`;
const observe = '{"reqID":8,"msgType":"observe","data":{"path":"/3/0/9"}}';
const asked = (topic: string): PublishOptions => ({ responseTopic: topic, correlationData: Buffer.from('c1') });
const window = 93_000;
const peer = new MemoryPeer('peer of ep');

/** What went to a topic: payloads, with their correlation data. */
const heardAt = (world: World, topic: string): string[] =>
  world.broker.published
    .filter(({ message }) => message.topic === topic)
    .map(
      ({ message }) =>
        `${message.correlationData?.toString() ?? '-'} ${/"msgType":"(\w+)"/.exec(message.payload.toString())?.[1]}`,
    );

test('an answer goes where its application waits for it, notifications where they always go', async (t) => {
  const world = await World.start();
  await world.registered('ep');
  await world.command('lwm2m/ep/dn/dm', read(1), asked('my/answers'));
  await world.answer({ code: '2.05', ...text('x') });
  await world.command('lwm2m/ep/dn/dm', observe, { responseTopic: 'my/answers' });
  await world.answer({ code: '2.05', observe: 1, ...text('80') });
  world.coap.observations[0]?.notify({ observe: 2, ...text('79') });
  await world.command('lwm2m/ep/dn/dm', '{"msgType":"fly"}', asked('my/answers'));
  t.deepEqual(heardAt(world, 'my/answers'), ['c1 read', '- observe', 'c1 fly']);
  t.deepEqual(
    world.published().map(([topic]) => topic),
    ['lwm2m/ep/up/notify'],
  );
});

test('a response topic that is none, or that leads back to commands, is not used', async (t) => {
  const world = await World.start();
  await world.registered('ep');
  for (const topic of ['', 'a/+', '#', 'a\0', '$SYS/x', 'lwm2m/other/dn/dm', 'lwm2m/ep/command', 'x'.repeat(65_536)]) {
    await world.command('lwm2m/ep/dn/dm', read(1), asked(topic));
    await world.answer({ code: '2.05', ...text('x') });
    t.deepEqual(
      world.published().map(([to]) => to),
      ['lwm2m/ep/up/resp'],
      topic.slice(0, 20),
    );
  }
});

test('a command is given up when its message expires, and that is its answer', async (t) => {
  const world = await World.start();
  await world.registered('ep', { query: ['b=UQ', 'lt=3600'] });
  world.clock.advance(window);
  const expiresAt = world.clock.now() + 5000;
  await world.command('lwm2m/ep/dn/dm', read(1));
  await world.command('lwm2m/ep/dn/dm', read(2), { ...asked('my/answers'), expiresAt });
  world.clock.advance(5000);
  t.deepEqual(heardAt(world, 'my/answers'), ['c1 read']);
  t.regex(world.broker.published.at(-1)?.message.payload.toString() ?? '', /"reqID":2.*"codeMsg":"expired"/);
  // That it waits is told to whoever looks on.
  t.deepEqual(heardAt(world, 'lwm2m/ep/up/resp').slice(-2), ['- queued', '- queued']);
});

test('where the answer goes survives a restart', async (t) => {
  const store = new CrashStore();
  const world = await World.start({}, store);
  const path = await world.registered('ep', { query: ['b=UQ', 'lt=3600'] });
  world.clock.advance(window);
  await world.command('lwm2m/ep/dn/dm', read(1), asked('my/answers'));
  const again = await world.restart(store.crash());
  await again.coap.receive(peer, { method: 'POST', path });
  await again.answer({ code: '2.05', ...text('x') });
  t.deepEqual(heardAt(again, 'my/answers'), ['c1 read']);
});
