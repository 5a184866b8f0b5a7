import test from 'ava';
import { SnWorld } from '../support/sn-world.js';

const connect = '05 fe 01 aabb 09 04 04 01 003c 6e6f64'; // node aabb, CONNECT "nod"

test('each node behind a forwarder is a client, answered through it with its Ctrl', async (t) => {
  const world = await SnWorld.start({ mayForward: (host) => host === '10.0.0.1' });
  const forwarder = world.peer('10.0.0.1:1');
  t.deepEqual(await forwarder.sayRaw(connect), ['05fe01aabb030500']);
  t.deepEqual(await forwarder.sayRaw('05 fe 02 ccdd 09 04 04 01 003c 6e6f65'), ['05fe02ccdd030500']);
  t.is(world.server.sessions, 2);
  t.deepEqual(await forwarder.sayRaw('05 fe 01 aabb 02 16'), ['05fe01aabb0217']);
  t.deepEqual(await forwarder.sayRaw('05 fe 03 aabb 03 01 00'), ['05fe03aabb030201'], 'discovery through a forwarder');
  t.deepEqual(await forwarder.sayRaw('02 16'), ['0218'], 'the forwarder itself is nobody');
});

test('who is not a forwarder is not listened to', async (t) => {
  const world = await SnWorld.start({ mayForward: (host) => host === '10.0.0.1' });
  t.deepEqual(await world.peer('10.0.0.2:1').sayRaw(connect), []);
  t.is(world.server.sessions, 0);
  t.is(world.count('rate_limited'), 1);
});

test('a message wrapped twice is dropped; what follows it is the forwarder speaking', async (t) => {
  const world = await SnWorld.start({ mayForward: () => true });
  t.deepEqual(await world.peer('10.0.0.2:1').sayRaw('05 fe 01 aabb 03 fe 00 02 16'), ['0218']);
  t.is(world.count('decode_errors'), 1);
});

test('what the gateway sends of its own accord goes through the forwarder too', async (t) => {
  const world = await SnWorld.start({ mayForward: () => true });
  const forwarder = world.peer('10.0.0.1:1');
  await forwarder.sayRaw(connect);
  await forwarder.sayRaw('05 fe 01 aabb 06 12 00 0001 74');
  await world.broker.publish('t', 'x', { qos: 0 });
  t.deepEqual(forwarder.hex(), ['05fe01aabb080c000003000078']);
});
