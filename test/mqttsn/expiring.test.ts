import test from 'ava';
import { MemoryStore } from '#src/store/memory-store.js';
import { SnWorld } from '../support/sn-world.js';

const wake = '03 16 61';

async function sleeper(world: SnWorld) {
  const peer = await world.client('a', { cleanSession: false });
  await peer.subscribe('t', 2);
  await peer.say('04 18 0e10');
  return peer;
}

test('what a sleeper does not fetch in time is dropped, with any QoS', async (t) => {
  const world = await SnWorld.start({}, new MemoryStore());
  const peer = await sleeper(world);
  const expiresAt = world.clock.now() + 5000;
  for (const qos of [0, 1, 2] as const) await world.broker.publish('t', `${qos}`, { qos, expiresAt });
  await world.broker.publish('t', 'stays', { qos: 1 });
  await world.broker.publish('t', 'longer', { qos: 1, expiresAt: expiresAt + 1 });
  world.clock.advance(5000);
  t.is(world.count('queue_expired'), 3);
  t.deepEqual(await peer.say(wake), ['PUBLISH topic=normal 3 msg=3 qos=1 5 bytes']);
  // On its way to the device it does not expire, but what waits behind it does.
  world.clock.advance(1);
  t.is(world.count('queue_expired'), 4);
  t.deepEqual(await peer.ack('PUBACK', 3, 3), ['PINGRESP']);
});

test('what has been sent is not taken back when its time is over', async (t) => {
  const world = await SnWorld.start({}, new MemoryStore());
  const peer = await sleeper(world);
  await world.broker.publish('t', 'x', { qos: 2, expiresAt: world.clock.now() + 5000 });
  t.deepEqual(await peer.say(wake), ['PUBLISH topic=normal 3 msg=1 qos=2 1 bytes']);
  await peer.say('04 18 0e10');
  world.clock.advance(10_000);
  t.is(world.count('queue_expired'), 0);
  t.deepEqual(await peer.say(wake), ['PUBLISH topic=normal 3 msg=1 qos=2 dup 1 bytes']);
});

test('the time goes on over a restart', async (t) => {
  const store = new MemoryStore();
  const world = await SnWorld.start({}, store);
  const peer = await sleeper(world);
  const expiresAt = world.clock.now() + 5000;
  await world.broker.publish('t', 'old', { qos: 1, expiresAt });
  await world.broker.publish('t', 'older', { qos: 1 });
  const again = await world.restart(store);
  again.clock.advance(5000);
  t.is(again.count('queue_expired'), 1);
  t.deepEqual(await peer.meets(again).say(wake), ['PUBLISH topic=normal 3 msg=2 qos=1 dup 5 bytes']);
});

test('what comes too late is not delivered, and expired messages make room', async (t) => {
  const world = await SnWorld.start({ session: { queueLimit: 1 } }, new MemoryStore());
  const peer = await sleeper(world);
  await world.broker.publish('t', 'late', { qos: 1, expiresAt: world.clock.now() });
  t.is(world.count('queue_expired'), 1);
  await world.broker.publish('t', 'first', { qos: 1, expiresAt: world.clock.now() + 5000 });
  t.true(world.broker.isFull('t'));
  world.clock.advance(5000);
  t.false(world.broker.isFull('t'));
  await world.broker.publish('t', 'second', { qos: 1 });
  t.deepEqual(await peer.say(wake), ['PUBLISH topic=normal 3 msg=2 qos=1 6 bytes']);
});
