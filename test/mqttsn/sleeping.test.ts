import test from 'ava';
import { MemoryStore } from '#src/store/memory-store.js';
import { SnWorld } from '../support/sn-world.js';

async function sleeper(world: SnWorld, qos: 0 | 1 | 2 = 1) {
  const peer = await world.client('a');
  await peer.subscribe('t', qos);
  return { peer, answer: await peer.say('04 18 0064') };
}
const wake = '03 16 61';

test('DISCONNECT with a duration: asleep, messages are buffered', async (t) => {
  const world = await SnWorld.start();
  const { peer, answer } = await sleeper(world);
  t.deepEqual(answer, ['DISCONNECT']);
  await world.broker.publish('t', '1', { qos: 0 });
  await world.broker.publish('t', '22', { qos: 1 });
  t.deepEqual(peer.heard(), []);
});

test('PINGREQ with the client id: the messages in order, PINGRESP strictly last', async (t) => {
  const world = await SnWorld.start();
  const { peer } = await sleeper(world, 2);
  await world.broker.publish('t', '1', { qos: 0 });
  await world.broker.publish('t', '22', { qos: 1 });
  await world.broker.publish('t', '333', { qos: 2 });
  await world.broker.publish('t', '4444', { qos: 0 });
  t.deepEqual(await peer.say(wake), [
    'PUBLISH topic=normal 3 msg=0 qos=0 1 bytes',
    'PUBLISH topic=normal 3 msg=1 qos=1 2 bytes',
  ]);
  t.deepEqual(await peer.ack('PUBACK', 3, 1), [
    'PUBLISH topic=normal 3 msg=2 qos=2 3 bytes',
    'PUBLISH topic=normal 3 msg=0 qos=0 4 bytes',
  ]);
  t.deepEqual(await peer.say('04 0f 0002'), ['PUBREL msg=2']);
  t.deepEqual(await peer.say('04 0e 0002'), ['PINGRESP']);
  t.deepEqual(await peer.say(wake), ['PINGRESP']);
});

test('what comes while awake waits for the next time', async (t) => {
  const world = await SnWorld.start();
  const { peer } = await sleeper(world);
  await world.broker.publish('t', '1', { qos: 1 });
  t.deepEqual(await peer.say(wake), ['PUBLISH topic=normal 3 msg=1 qos=1 1 bytes']);
  await world.broker.publish('t', '22', { qos: 1 });
  t.deepEqual(await peer.ack('PUBACK', 3, 1), ['PINGRESP']);
  t.deepEqual(await peer.say(wake), ['PUBLISH topic=normal 3 msg=2 qos=1 2 bytes']);
});

test('a repeated PINGREQ while awake sends what is in flight again', async (t) => {
  const world = await SnWorld.start();
  const { peer } = await sleeper(world);
  await world.broker.publish('t', '1', { qos: 1 });
  await peer.say(wake);
  t.deepEqual(await peer.say(wake), ['PUBLISH topic=normal 3 msg=1 qos=1 dup 1 bytes']);
  t.deepEqual(await peer.ack('PUBACK', 3, 1), ['PINGRESP']);
});

test('PINGRESP comes within a bound when the client stops answering; the message is kept', async (t) => {
  const world = await SnWorld.start();
  const { peer } = await sleeper(world);
  await world.broker.publish('t', '1', { qos: 1 });
  await peer.say(wake);
  world.clock.advance(30_000);
  t.is(peer.heard().length, 3);
  world.clock.advance(10_000);
  t.deepEqual(peer.heard(), ['PINGRESP']);
  t.deepEqual(await peer.say(wake), ['PUBLISH topic=normal 3 msg=1 qos=1 dup 1 bytes']);
});

test('a topic that is new to a sleeper is registered when it is awake', async (t) => {
  const world = await SnWorld.start();
  const peer = await world.client('a');
  await peer.subscribe('s/+', 0);
  await peer.say('04 18 0064');
  await world.broker.publish('s/1', '1', { qos: 0 });
  t.deepEqual(await peer.say(wake), ['REGISTER id=3 msg=1 topic="s/1"']);
  t.deepEqual(await peer.ack('REGACK', 3, 1), ['PUBLISH topic=normal 3 msg=0 qos=0 1 bytes', 'PINGRESP']);
});

test('congestion ends the awake time and keeps the rest', async (t) => {
  const world = await SnWorld.start();
  const { peer } = await sleeper(world);
  await world.broker.publish('t', '1', { qos: 1 });
  await peer.say(wake);
  t.deepEqual(await peer.ack('PUBACK', 3, 1, 1), ['PINGRESP']);
  t.is((await peer.say(wake)).length, 1);
});

test('a sleeper is lost when its duration and the tolerance are over, not before, and its keep alive does not count', async (t) => {
  const world = await SnWorld.start();
  const { peer } = await sleeper(world); // 100 s, keep alive 60 s
  world.clock.advance(109_999);
  t.is(world.server.sessions, 1);
  t.deepEqual(await peer.say(wake), ['PINGRESP']);
  world.clock.advance(109_999);
  t.is(world.server.sessions, 1, 'the timer begins again with PINGRESP');
  world.clock.advance(1);
  t.is(world.server.sessions, 0);
});

test('a new duration begins a new time', async (t) => {
  const world = await SnWorld.start();
  const { peer } = await sleeper(world);
  world.clock.advance(100_000);
  t.deepEqual(await peer.say('04 18 000a'), ['DISCONNECT']);
  world.clock.advance(14_999);
  t.is(world.server.sessions, 1);
  world.clock.advance(1);
  t.is(world.server.sessions, 0);
});

test('PINGREQ without or with a wrong client id does not wake', async (t) => {
  const world = await SnWorld.start();
  const { peer } = await sleeper(world);
  await world.broker.publish('t', '1', { qos: 1 });
  t.deepEqual(await peer.say('02 16'), ['PINGRESP']);
  t.deepEqual(await peer.say('03 16 62'), ['DISCONNECT']);
  t.is((await peer.say(wake)).length, 1);
});

test('CONNECT from sleep delivers the rest', async (t) => {
  const world = await SnWorld.start();
  const { peer } = await sleeper(world);
  await world.broker.publish('t', '1', { qos: 1 });
  t.deepEqual(await peer.connect('a', { cleanSession: false }), [
    'CONNACK rc=accepted',
    'PUBLISH topic=normal 3 msg=1 qos=1 1 bytes',
  ]);
});

test('DISCONNECT without duration ends the sleep', async (t) => {
  const world = await SnWorld.start();
  const { peer } = await sleeper(world);
  t.deepEqual(await peer.say('02 18'), ['DISCONNECT']);
  t.is(world.server.sessions, 0);
});

test('what was in flight when the client fell asleep is sent again when it wakes', async (t) => {
  const world = await SnWorld.start();
  const peer = await world.client('a');
  await peer.subscribe('t', 1);
  await world.broker.publish('t', '1', { qos: 1 });
  peer.heard();
  t.deepEqual(await peer.say('04 18 0064'), ['DISCONNECT']);
  world.clock.advance(50_000);
  t.deepEqual(peer.heard(), []);
  t.deepEqual(await peer.say(wake), ['PUBLISH topic=normal 3 msg=1 qos=1 dup 1 bytes']);
});

test('a sleeper may wake with a new address; an active client cannot be moved by a PINGREQ', async (t) => {
  const world = await SnWorld.start();
  const { peer } = await sleeper(world);
  await world.broker.publish('t', '1', { qos: 0 });
  const moved = world.peer('10.9.9.9:9');
  t.deepEqual(await moved.say(wake), ['PUBLISH topic=normal 3 msg=0 qos=0 1 bytes', 'PINGRESP']);
  t.deepEqual(await peer.say('02 16'), ['DISCONNECT']);
  await moved.connect('a', { cleanSession: false });
  t.deepEqual(await peer.say(wake), ['DISCONNECT']);
  t.deepEqual(await moved.say('02 16'), ['PINGRESP']);
});

test('a sleeper that publishes without CONNECT is served', async (t) => {
  const world = await SnWorld.start();
  const { peer } = await sleeper(world);
  t.deepEqual(await peer.publish({ topicId: 3, qos: 1, msgId: 4 }), ['PUBACK id=3 msg=4 rc=accepted']);
  t.deepEqual(peer.heard(), [], 'its own message waits for it');
  t.is((await peer.say(wake)).length, 1);
});

test('with its queue full a sleeper takes no more: the publisher is told "congestion", nothing acknowledged is lost', async (t) => {
  const world = await SnWorld.start({ session: { queueLimit: 2 } });
  const { peer } = await sleeper(world);
  const publisher = await world.client('b');
  await publisher.say({ type: 'REGISTER', topicId: 0, msgId: 1, topicName: 't' });
  const publish = (qos: 0 | 1, msgId: number) => publisher.publish({ topicId: 3, qos, msgId });
  await publish(0, 0);
  t.deepEqual(await publish(1, 2), ['PUBACK id=3 msg=2 rc=accepted']);
  t.deepEqual(await publish(1, 3), ['PUBACK id=3 msg=3 rc=accepted'], 'the QoS 0 message makes room');
  t.deepEqual(await publish(1, 4), ['PUBACK id=3 msg=4 rc=congestion']);
  t.is((await peer.say(wake)).length, 1);
  await peer.ack('PUBACK', 3, 1);
  t.deepEqual(await publish(1, 4), ['PUBACK id=3 msg=4 rc=accepted']);
  t.is(world.count('queue_dropped'), 0);
});

test('a PUBREC that comes after the client has gone back to sleep releases the message at its next time', async (t) => {
  const store = new MemoryStore();
  const world = await SnWorld.start({}, store);
  const { peer } = await sleeper(world, 2);
  await world.broker.publish('t', '1', { qos: 2 });
  t.deepEqual(await peer.say(wake), ['PUBLISH topic=normal 3 msg=1 qos=2 1 bytes']);
  t.deepEqual(await peer.say('04 18 0064'), ['DISCONNECT']);
  t.deepEqual(await peer.say('04 0f 0001'), []);
  t.deepEqual(await peer.say(wake), ['PUBREL msg=1']);
  t.deepEqual(await peer.say('04 0e 0001'), ['PINGRESP']);
  t.deepEqual(await peer.say(wake), ['PINGRESP']);
});
