import test from 'ava';
import { BrokerRefusal } from '#src/broker/port.js';
import { SnWorld } from '../support/sn-world.js';

const register = '09 0a 0000 0001 612f62'; // a/b

test('REGISTER gives each topic an id, the same one again, and none to wildcards', async (t) => {
  const world = await SnWorld.start({ session: { maxTopics: 2 } });
  const peer = await world.client('a');
  t.deepEqual(await peer.say(register), ['REGACK id=3 msg=1 rc=accepted']);
  t.deepEqual(await peer.say(register), ['REGACK id=3 msg=1 rc=accepted']);
  const name = (topicName: string) => peer.say({ type: 'REGISTER', topicId: 0, msgId: 2, topicName });
  t.deepEqual(await name('a/+'), ['REGACK id=0 msg=2 rc=invalid-topic-id']);
  t.deepEqual(await name('a/#'), ['REGACK id=0 msg=2 rc=invalid-topic-id']);
  t.deepEqual(await name('c'), ['REGACK id=4 msg=2 rc=accepted']);
  t.deepEqual(await name('d'), ['REGACK id=0 msg=2 rc=congestion'], 'the table is full');
});

test('PUBLISH reaches the broker by normal, pre-defined and short topic', async (t) => {
  const world = await SnWorld.start();
  const seen = world.broker.watch('#');
  const peer = await world.client('a');
  await peer.say(register);
  t.deepEqual(await peer.publish({ topicId: 3, payload: Buffer.from('n') }), []);
  t.deepEqual(
    await peer.publish({ topicIdType: 'predefined', topicId: 1, payload: Buffer.from('p'), retain: true }),
    [],
  );
  t.deepEqual(
    await peer.publish({ topicIdType: 'short', topicId: 0x6162, qos: 1, msgId: 9, payload: Buffer.from('s') }),
    ['PUBACK id=24930 msg=9 rc=accepted'],
  );
  t.deepEqual(
    seen.map((m) => `${m.topic} ${m.qos} ${m.payload.toString()}`),
    ['a/b 0 n', 'predefined/one 0 p', 'ab 1 s'],
  );
  t.true(world.broker.published[1]?.message.retain);
});

test("a client's own pre-defined topics come before the common ones", async (t) => {
  const world = await SnWorld.start({ clientPredefined: new Map([['a', new Map([[1, 'own']])]]) });
  const seen = world.broker.watch('#');
  await (await world.client('a')).publish({ topicIdType: 'predefined', topicId: 1 });
  await (await world.client('b')).publish({ topicIdType: 'predefined', topicId: 1 });
  t.deepEqual(
    seen.map((m) => m.topic),
    ['own', 'predefined/one'],
  );
});

test('an unknown topic id is answered with "invalid topic id", whatever the QoS', async (t) => {
  const world = await SnWorld.start();
  const peer = await world.client('a');
  for (const qos of [0, 1, 2] as const) {
    t.deepEqual(await peer.publish({ topicId: 3, qos, msgId: 5 }), ['PUBACK id=3 msg=5 rc=invalid-topic-id']);
  }
  t.deepEqual(await peer.publish({ topicIdType: 'predefined', topicId: 9 }), ['PUBACK id=9 msg=0 rc=invalid-topic-id']);
});

test("the broker's refusal of a publication reaches the device", async (t) => {
  const world = await SnWorld.start();
  const peer = await world.client('a');
  await peer.say(register);
  const cases = { BAD_TOPIC: 'invalid-topic-id', NOT_AUTHORIZED: 'not-supported', UNAVAILABLE: 'congestion' } as const;
  for (const [code, line] of Object.entries(cases)) {
    world.broker.refuseTopic = () => new BrokerRefusal(code as keyof typeof cases, 'no');
    for (const qos of [0, 1, 2] as const) {
      t.deepEqual(await peer.publish({ topicId: 3, qos, msgId: 5 }), [`PUBACK id=3 msg=5 rc=${line}`]);
    }
  }
});

test('QoS 2 is published once, however often PUBLISH comes before PUBREL', async (t) => {
  const world = await SnWorld.start();
  const seen = world.broker.watch('#');
  const peer = await world.client('a');
  await peer.say(register);
  const publish = (dup: boolean) => peer.publish({ topicId: 3, qos: 2, msgId: 7, dup });
  t.deepEqual(await publish(false), ['PUBREC msg=7']);
  t.deepEqual(await publish(true), ['PUBREC msg=7']);
  t.deepEqual(await peer.say('04 10 0007'), ['PUBCOMP msg=7']);
  t.deepEqual(await peer.say('04 10 0007'), ['PUBCOMP msg=7']);
  t.is(seen.length, 1);
  t.deepEqual(await publish(false), ['PUBREC msg=7'], 'a copy that the network delivered late');
  t.is(seen.length, 1);
  world.clock.advance(5000);
  t.deepEqual(await publish(false), ['PUBREC msg=7'], 'the id is free again');
  t.is(seen.length, 2);
  await peer.say('04 10 0007');
  t.deepEqual(await peer.publish({ topicId: 3, qos: 2, msgId: 7, payload: Buffer.from('other') }), ['PUBREC msg=7']);
  t.is(seen.length, 3, 'another message may have the id at once');
});

test('a client that never sends PUBREL does not fill the memory', async (t) => {
  const world = await SnWorld.start();
  const peer = await world.client('a');
  await peer.say(register);
  let last: string[] = [];
  for (let msgId = 1; msgId <= 101; msgId++) last = await peer.publish({ topicId: 3, qos: 2, msgId });
  t.deepEqual(last, ['PUBACK id=3 msg=101 rc=congestion']);
});

test('QoS -1 is refused with "not supported" unless it is enabled', async (t) => {
  const world = await SnWorld.start();
  const peer = world.peer('10.0.0.1:1');
  t.deepEqual(await peer.publish({ qos: -1, topicIdType: 'short', topicId: 0x6162 }), [
    'PUBACK id=24930 msg=0 rc=not-supported',
  ]);
});

test('QoS -1 publishes by pre-defined and short topics without any session', async (t) => {
  const world = await SnWorld.start({ enableQos3: true, mountpoint: 'm/' });
  const seen = world.broker.watch('#');
  const peer = world.peer('10.0.0.1:1');
  t.deepEqual(await peer.publish({ qos: -1, topicIdType: 'short', topicId: 0x6162 }), []);
  t.deepEqual(await peer.publish({ qos: -1, topicIdType: 'predefined', topicId: 2 }), []);
  t.deepEqual(await peer.publish({ qos: -1, topicId: 1 }), ['PUBACK id=1 msg=0 rc=invalid-topic-id']);
  const connected = await world.client('a');
  t.deepEqual(await connected.publish({ qos: -1, topicIdType: 'short', topicId: 0x6363 }), []);
  t.deepEqual(
    seen.map((m) => m.topic),
    ['m/ab', 'm/predefined/two', 'm/cc'],
  );
  world.broker.refuseTopic = () => new BrokerRefusal('NOT_AUTHORIZED', 'no');
  t.deepEqual(await peer.publish({ qos: -1, topicIdType: 'short', topicId: 0x6162 }), [
    'PUBACK id=24930 msg=0 rc=not-supported',
  ]);
});

test('the mountpoint stands before every topic and is not seen by the device', async (t) => {
  const world = await SnWorld.start({ mountpoint: 'site/%c/%u/', credentials: { username: 'u' } });
  const seen = world.broker.watch('#');
  const peer = await world.client('a');
  await peer.say(register);
  await peer.subscribe('a/b', 1);
  await peer.publish({ topicId: 3 });
  t.is(seen[0]?.topic, 'site/a/u/a/b');
  t.deepEqual(peer.heard(), []);
  await world.broker.publish('site/a/u/a/b', 'hello', { qos: 0 });
  t.deepEqual(peer.heard(), ['PUBLISH topic=normal 3 msg=0 qos=0 5 bytes']);
});

test('packets that only gateways send, or that answer nothing, are counted and ignored', async (t) => {
  const world = await SnWorld.start();
  const peer = await world.client('a');
  const strays = [
    '03 05 00',
    '02 06',
    '02 08',
    '08 13 40 0005 0007 00',
    '04 15 0008',
    '02 17',
    '03 1b 00',
    '02 07',
    '03 09 78',
  ];
  for (const hex of strays) t.deepEqual(await peer.say(hex), [], hex);
  t.is(world.count('unexpected_packets'), strays.length);
  t.deepEqual(await peer.ack('REGACK', 1, 1), []);
  t.deepEqual(await peer.ack('PUBACK', 1, 1), []);
  t.deepEqual(await peer.say('04 0e 0001'), []);
  t.deepEqual(await peer.say('04 0f 0001'), ['PUBREL msg=1'], 'so that the client can finish');
});
