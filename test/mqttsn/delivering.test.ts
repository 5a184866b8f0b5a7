import test from 'ava';
import { SnWorld } from '../support/sn-world.js';

test('SUBSCRIBE by name, pre-defined id and short name, and what comes of each', async (t) => {
  const world = await SnWorld.start();
  const peer = await world.client('a');
  t.deepEqual(await peer.subscribe('a/b', 1, 1), ['SUBACK id=3 msg=1 qos=1 rc=accepted']);
  t.deepEqual(await peer.say('07 12 21 0002 0001'), ['SUBACK id=1 msg=2 qos=1 rc=accepted']);
  t.deepEqual(await peer.say('07 12 02 0003 6162'), ['SUBACK id=0 msg=3 qos=0 rc=accepted']);
  await world.broker.publish('a/b', 'x', { qos: 0 });
  await world.broker.publish('predefined/one', 'x', { qos: 0 });
  await world.broker.publish('ab', 'x', { qos: 0 });
  t.deepEqual(peer.heard(), [
    'PUBLISH topic=normal 3 msg=0 qos=0 1 bytes',
    'PUBLISH topic=predefined 1 msg=0 qos=0 1 bytes',
    'PUBLISH topic="ab" msg=0 qos=0 1 bytes',
  ]);
});

test('what cannot be subscribed is refused with the reason', async (t) => {
  const { BrokerRefusal } = await import('#src/broker/port.js');
  const world = await SnWorld.start({ session: { maxTopics: 1 } });
  const peer = await world.client('a');
  t.deepEqual(await peer.say('07 12 01 0002 0009'), ['SUBACK id=0 msg=2 qos=0 rc=invalid-topic-id']);
  t.deepEqual(await peer.say('08 12 60 0002 612f62'), ['SUBACK id=0 msg=2 qos=0 rc=not-supported'], 'QoS -1');
  await peer.subscribe('a', 0);
  t.deepEqual(await peer.subscribe('b', 0), ['SUBACK id=0 msg=1 qos=0 rc=congestion']);
  world.broker.refuseTopic = () => new BrokerRefusal('NOT_AUTHORIZED', 'no');
  t.deepEqual(await peer.subscribe('a', 0), ['SUBACK id=0 msg=1 qos=0 rc=not-supported']);
});

test('UNSUBSCRIBE ends a subscription, and is always acknowledged', async (t) => {
  const world = await SnWorld.start();
  const peer = await world.client('a');
  await peer.subscribe('a/b', 0);
  t.deepEqual(await peer.say('08 14 00 0002 612f62'), ['UNSUBACK msg=2']);
  t.deepEqual(await peer.say('08 14 00 0003 612f62'), ['UNSUBACK msg=3']);
  t.deepEqual(await peer.say('07 14 01 0004 0009'), ['UNSUBACK msg=4']);
  await world.broker.publish('a/b', 'x', { qos: 0 });
  t.deepEqual(peer.heard(), []);
});

for (const qos of [0, 1, 2] as const) {
  test(`the first message of a topic behind a wildcard comes after its REGISTER, QoS ${qos}`, async (t) => {
    const world = await SnWorld.start();
    const peer = await world.client('a');
    t.deepEqual(await peer.subscribe('s/+', qos, 1), [`SUBACK id=0 msg=1 qos=${qos} rc=accepted`]);
    await world.broker.publish('s/1', 'one', { qos });
    await world.broker.publish('s/1', 'twooo', { qos });
    const msg = qos === 0 ? 0 : 1;
    t.deepEqual(peer.heard(), [`REGISTER id=3 msg=${msg + 1} topic="s/1"`]);
    const sent = await peer.ack('REGACK', 3, msg + 1);
    t.is(sent[0], `PUBLISH topic=normal 3 msg=${msg} qos=${qos} 3 bytes`);
    if (qos === 0) t.is(sent[1], `PUBLISH topic=normal 3 msg=0 qos=0 5 bytes`);
    else t.is(sent.length, 1, 'one in flight');
  });
}

test('a topic that waits for its REGACK does not hold up others', async (t) => {
  const world = await SnWorld.start();
  const peer = await world.client('a');
  await peer.subscribe('s/#', 0);
  await peer.subscribe('s/known', 0, 2);
  await world.broker.publish('s/new', 'x', { qos: 0 });
  await world.broker.publish('s/known', 'y', { qos: 0 });
  t.deepEqual(peer.heard(), ['REGISTER id=4 msg=1 topic="s/new"', 'PUBLISH topic=normal 3 msg=0 qos=0 1 bytes']);
});

test('QoS 1: one in flight, the next after its PUBACK', async (t) => {
  const world = await SnWorld.start();
  const peer = await world.client('a');
  await peer.subscribe('a', 1);
  await world.broker.publish('a', '1', { qos: 1 });
  await world.broker.publish('a', '22', { qos: 1 });
  t.deepEqual(peer.heard(), ['PUBLISH topic=normal 3 msg=1 qos=1 1 bytes']);
  t.deepEqual(await peer.ack('PUBACK', 3, 1), ['PUBLISH topic=normal 3 msg=2 qos=1 2 bytes']);
  t.deepEqual(await peer.ack('PUBACK', 3, 2), []);
});

test('as many in flight as configured', async (t) => {
  const world = await SnWorld.start({ session: { maxInflight: 2 } });
  const peer = await world.client('a');
  await peer.subscribe('a', 1);
  for (const payload of ['1', '22', '333']) await world.broker.publish('a', payload, { qos: 1 });
  t.is(peer.heard().length, 2);
  t.deepEqual(await peer.ack('PUBACK', 3, 2), ['PUBLISH topic=normal 3 msg=3 qos=1 3 bytes']);
});

test('QoS 2: PUBREC, PUBREL, PUBCOMP', async (t) => {
  const world = await SnWorld.start();
  const peer = await world.client('a');
  await peer.subscribe('a', 2);
  await world.broker.publish('a', '1', { qos: 2 });
  await world.broker.publish('a', '22', { qos: 2 });
  t.deepEqual(peer.heard(), ['PUBLISH topic=normal 3 msg=1 qos=2 1 bytes']);
  t.deepEqual(await peer.say('04 0f 0001'), ['PUBREL msg=1']);
  t.deepEqual(await peer.say('04 0f 0001'), ['PUBREL msg=1']);
  t.deepEqual(await peer.say('04 0e 0001'), ['PUBLISH topic=normal 3 msg=2 qos=2 2 bytes']);
});

test('what is not acknowledged is sent again with DUP, so often, and then the client is lost', async (t) => {
  const world = await SnWorld.start();
  const peer = await world.client('a', { durationSeconds: 0 });
  await peer.subscribe('a', 1);
  await world.broker.publish('a', '1', { qos: 1 });
  t.deepEqual(peer.heard(), ['PUBLISH topic=normal 3 msg=1 qos=1 1 bytes']);
  for (let n = 1; n <= 3; n++) {
    world.clock.advance(9999);
    t.deepEqual(peer.heard(), []);
    world.clock.advance(1);
    t.deepEqual(peer.heard(), ['PUBLISH topic=normal 3 msg=1 qos=1 dup 1 bytes']);
  }
  world.clock.advance(10_000);
  t.deepEqual(peer.heard(), []);
  t.is(world.server.sessions, 0);
  t.is(world.count('retransmissions'), 3);
});

test('REGISTER and PUBREL are repeated likewise', async (t) => {
  const world = await SnWorld.start();
  const peer = await world.client('a', { durationSeconds: 0 });
  await peer.subscribe('s/+', 2);
  await world.broker.publish('s/1', '1', { qos: 2 });
  peer.heard();
  world.clock.advance(10_000);
  t.deepEqual(peer.heard(), ['REGISTER id=3 msg=2 topic="s/1"']);
  await peer.ack('REGACK', 3, 2);
  t.deepEqual(await peer.say('04 0f 0001'), ['PUBREL msg=1']);
  world.clock.advance(10_000);
  t.deepEqual(peer.heard(), ['PUBREL msg=1']);
});

test('only the answer to the REGISTER on the way counts', async (t) => {
  const world = await SnWorld.start();
  const peer = await world.client('a');
  await peer.subscribe('s/+', 0);
  await world.broker.publish('s/1', '1', { qos: 0 });
  peer.heard();
  t.deepEqual(await peer.ack('REGACK', 3, 2), []);
  t.deepEqual(await peer.ack('REGACK', 2, 1), []);
  t.is((await peer.ack('REGACK', 3, 1)).length, 1);
});

test('a refused REGISTER drops the messages of that topic, and others flow', async (t) => {
  const world = await SnWorld.start();
  const peer = await world.client('a');
  await peer.subscribe('s/+', 1);
  await world.broker.publish('s/1', '1', { qos: 1 });
  await world.broker.publish('s/1', '2', { qos: 0 });
  await world.broker.publish('s/2', '3', { qos: 1 });
  peer.heard();
  t.deepEqual(await peer.ack('REGACK', 3, 2, 3), ['REGISTER id=4 msg=4 topic="s/2"']);
  t.is(world.count('dropped_refused'), 2);
  t.deepEqual(await peer.ack('REGACK', 4, 4), ['PUBLISH topic=normal 4 msg=3 qos=1 1 bytes']);
});

test('congestion, told by REGACK or PUBACK, is waited for', async (t) => {
  const world = await SnWorld.start();
  const peer = await world.client('a', { durationSeconds: 0 });
  await peer.subscribe('s/+', 1);
  await world.broker.publish('s/1', '1', { qos: 1 });
  peer.heard();
  t.deepEqual(await peer.ack('REGACK', 3, 2, 1), []);
  world.clock.advance(299_999);
  t.deepEqual(peer.heard(), []);
  world.clock.advance(1);
  t.deepEqual(peer.heard(), ['REGISTER id=3 msg=3 topic="s/1"']);
  t.deepEqual(await peer.ack('REGACK', 3, 3), ['PUBLISH topic=normal 3 msg=1 qos=1 1 bytes']);
  t.deepEqual(await peer.ack('PUBACK', 3, 1, 1), []);
  world.clock.advance(300_000);
  t.deepEqual(peer.heard(), ['PUBLISH topic=normal 3 msg=1 qos=1 dup 1 bytes']);
});

test('PUBACK "invalid topic id": REGISTER again and the same message again', async (t) => {
  const world = await SnWorld.start();
  const peer = await world.client('a');
  await peer.subscribe('a', 1);
  await world.broker.publish('a', '1', { qos: 1 });
  peer.heard();
  t.deepEqual(await peer.ack('PUBACK', 3, 1, 2), ['REGISTER id=3 msg=2 topic="a"']);
  t.deepEqual(await peer.ack('REGACK', 3, 2), ['PUBLISH topic=normal 3 msg=1 qos=1 dup 1 bytes']);
  t.deepEqual(await peer.ack('PUBACK', 3, 1), []);
  // A QoS 0 message is gone, but the next one is announced.
  await world.broker.publish('a', '1', { qos: 0 });
  peer.heard();
  t.deepEqual(await peer.ack('PUBACK', 3, 0, 2), []);
  await world.broker.publish('a', '1', { qos: 0 });
  t.deepEqual(peer.heard(), ['REGISTER id=3 msg=3 topic="a"']);
});

test('a message whose topic id is refused for ever is given up', async (t) => {
  const world = await SnWorld.start();
  const peer = await world.client('a');
  await peer.subscribe('a', 1);
  await world.broker.publish('a', '1', { qos: 1 });
  await peer.ack('PUBACK', 3, 1, 2);
  await peer.ack('REGACK', 3, 2);
  await peer.ack('PUBACK', 3, 1, 2);
  await peer.ack('REGACK', 3, 3);
  t.deepEqual(await peer.ack('PUBACK', 3, 1, 2), []);
  t.is(world.count('dropped_refused'), 1);
});

test('RETAIN is kept, and a retained message comes after the SUBACK', async (t) => {
  const world = await SnWorld.start();
  await world.broker.publish('a', 'kept', { qos: 0, retain: true });
  const peer = await world.client('a');
  t.deepEqual(await peer.subscribe('a', 0), [
    'SUBACK id=3 msg=1 qos=0 rc=accepted',
    'PUBLISH topic=normal 3 msg=0 qos=0 retain 4 bytes',
  ]);
});

test('a full queue loses its oldest QoS 0 message first', async (t) => {
  const world = await SnWorld.start({ session: { queueLimit: 3 } });
  const peer = await world.client('a');
  await peer.subscribe('s/+', 1);
  for (const [payload, qos] of [
    ['1', 1],
    ['22', 0],
    ['333', 1],
    ['4444', 1],
    ['55555', 1],
    ['666666', 0],
  ] as const) {
    await world.broker.publish('s/1', payload, { qos });
  }
  peer.heard();
  const delivered: string[] = [];
  let lines = await peer.ack('REGACK', 3, 2);
  while (lines.length > 0) {
    delivered.push(...lines);
    const msgId = Number(/msg=(\d+)/.exec(lines[0] as string)?.[1]);
    lines = await peer.ack('PUBACK', 3, msgId);
  }
  t.deepEqual(
    delivered.map((line) => line.split(' ').slice(-2)[0]),
    ['1', '3', '4'],
  );
  t.is(world.count('queue_dropped_qos0'), 2);
  t.is(world.count('queue_dropped'), 1);
});

test('a message too long for MQTT-SN is dropped and counted', async (t) => {
  const world = await SnWorld.start();
  const peer = await world.client('a');
  await peer.subscribe('a', 1);
  await world.broker.publish('a', Buffer.alloc(65527), { qos: 0 });
  await world.broker.publish('a', Buffer.alloc(65527), { qos: 1 });
  t.deepEqual(peer.heard(), []);
  t.is(world.count('dropped_too_long'), 2);
  await world.broker.publish('a', Buffer.alloc(65526), { qos: 0 });
  t.is(peer.heard().length, 1);
});
