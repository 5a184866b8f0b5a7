import test from 'ava';
import { silentLog } from '#src/core/log.js';
import { Journal } from '#src/mqttsn/journal.js';
import { SnServer } from '#src/mqttsn/server.js';
import { CrashStore } from '../support/crash-store.js';
import { MemoryPort } from '../support/memory-port.js';
import { SnWorld, snOptions } from '../support/sn-world.js';

const wake = '03 16 61';

test('a sleeper finds its messages after a crash, with their order, QoS and topic ids', async (t) => {
  const store = new CrashStore();
  const world = await SnWorld.start({}, store);
  const peer = await world.client('a');
  await peer.subscribe('t', 1);
  await peer.say('04 18 0064');
  await world.broker.publish('t', '1', { qos: 1 });
  await world.broker.publish('t', '22', { qos: 1 });

  const after = await world.restart(store.crash());
  t.deepEqual(after.broker.subscriptionsOf('a'), ['t']);
  peer.meets(after);
  t.deepEqual(await peer.say(wake), ['PUBLISH topic=normal 3 msg=1 qos=1 dup 1 bytes']);
  t.deepEqual(await peer.ack('PUBACK', 3, 1), ['PUBLISH topic=normal 3 msg=2 qos=1 dup 2 bytes']);
  t.deepEqual(await peer.ack('PUBACK', 3, 2), ['PINGRESP']);
});

test('a publisher has its answer only when the message is in the store', async (t) => {
  const store = new CrashStore();
  const world = await SnWorld.start({}, store);
  const sleeper = await world.client('a');
  await sleeper.subscribe('t', 1);
  await sleeper.say('04 18 0064');
  const publisher = await world.client('b');
  await publisher.say({ type: 'REGISTER', topicId: 0, msgId: 1, topicName: 't' });
  store.automatic = false;
  t.deepEqual(await publisher.publish({ topicId: 3, qos: 1, msgId: 9 }), []);
  store.flush();
  t.deepEqual(publisher.heard(), ['PUBACK id=3 msg=9 rc=accepted']);
});

test('an active client is served after a restart without a new CONNECT', async (t) => {
  const store = new CrashStore();
  const world = await SnWorld.start({}, store);
  const peer = await world.client('a');
  await peer.subscribe('t', 0);
  const after = await world.restart(store.crash());
  peer.meets(after);
  await after.broker.publish('t', 'x', { qos: 0 });
  t.deepEqual(peer.heard(), ['PUBLISH topic=normal 3 msg=0 qos=0 1 bytes']);
  t.deepEqual(await peer.publish({ topicId: 3, qos: 1, msgId: 1 }), [
    'PUBLISH topic=normal 3 msg=0 qos=0 1 bytes',
    'PUBACK id=3 msg=1 rc=accepted',
  ]);
});

test('retained messages do not come again because the gateway was restarted', async (t) => {
  const store = new CrashStore();
  const world = await SnWorld.start({}, store);
  const peer = await world.client('a');
  await peer.subscribe('t', 0);
  const kept = store.crash();
  const after = await SnWorld.start({}, new CrashStore());
  await after.broker.publish('t', 'r', { retain: true });
  const restarted = await world.restart(kept);
  restarted.broker.retained.set('t', { topic: 't', payload: Buffer.from('r'), qos: 0, retain: true });
  t.deepEqual(peer.meets(restarted).heard(), []);
});

test('the will of a client that never comes back is published', async (t) => {
  const store = new CrashStore();
  const world = await SnWorld.start({}, store);
  const peer = world.peer('10.0.0.1:1');
  await peer.connect('a', { will: true });
  await peer.say('07 07 30 77696c6c');
  await peer.say('05 09 627965');
  const sleeping = await world.restart(store.crash());
  sleeping.clock.advance(90_000);
  t.deepEqual(sleeping.broker.published.at(-1)?.message, {
    topic: 'will',
    payload: Buffer.from('bye'),
    qos: 1,
    retain: true,
  });
  t.is(sleeping.server.sessions, 0);
});

test('the time of a sleeper goes on counting while the gateway is away', async (t) => {
  const store = new CrashStore();
  const world = await SnWorld.start({}, store);
  const peer = await world.client('a');
  await peer.say('04 18 0064');
  world.clock.advance(100_000);
  const after = await world.restart(store.crash());
  after.clock.advance(9999);
  t.is(after.server.sessions, 1);
  after.clock.advance(1);
  t.is(after.server.sessions, 0);
});

test('QoS 2 up: a PUBLISH repeated after a crash is published once, before its commit or after', async (t) => {
  for (const committed of [true, false]) {
    const store = new CrashStore();
    const world = await SnWorld.start({}, store);
    const sleeper = await world.client('a');
    await sleeper.subscribe('t', 2);
    await sleeper.say('04 18 0064');
    const publisher = await world.client('b');
    await publisher.say({ type: 'REGISTER', topicId: 0, msgId: 1, topicName: 't' });
    store.automatic = false;
    t.deepEqual(await publisher.publish({ topicId: 3, qos: 2, msgId: 9 }), [], 'no PUBREC yet');
    if (committed) store.flush();
    publisher.heard();

    const after = await world.restart(store.crash());
    sleeper.meets(after);
    publisher.meets(after);
    t.deepEqual(await publisher.publish({ topicId: 3, qos: 2, msgId: 9, dup: true }), ['PUBREC msg=9']);
    t.deepEqual(await publisher.say('04 10 0009'), ['PUBCOMP msg=9']);
    t.is((await sleeper.say(wake)).length, 1);
    await sleeper.say('04 0f 0001');
    t.deepEqual(await sleeper.say('04 0e 0001'), ['PINGRESP'], 'one message, not two');
  }
});

test('QoS 2 down: after a crash a message whose PUBREC had come is released, not published again', async (t) => {
  for (const committed of [true, false]) {
    const store = new CrashStore();
    const world = await SnWorld.start({}, store);
    const peer = await world.client('a', { cleanSession: false });
    await peer.subscribe('t', 2);
    await world.broker.publish('t', '1', { qos: 2 });
    t.deepEqual(peer.heard(), ['PUBLISH topic=normal 3 msg=1 qos=2 1 bytes']);
    store.automatic = false;
    t.deepEqual(await peer.say('04 0f 0001'), [], 'PUBREL waits for the store');
    if (committed) store.flush();
    t.is(peer.heard().length, committed ? 1 : 0);

    const after = await world.restart(store.crash());
    // If it has seen no PUBREL, the client still knows the id and takes the repetition for one.
    t.deepEqual(peer.meets(after).heard(), [
      committed ? 'PUBREL msg=1' : 'PUBLISH topic=normal 3 msg=1 qos=2 dup 1 bytes',
    ]);
    const lines = await peer.connect('a', { cleanSession: false });
    t.is(lines[0], 'CONNACK rc=accepted');
    if (committed) {
      t.is(lines[1], 'PUBREL msg=1');
    } else {
      t.is(lines[1], 'REGISTER id=3 msg=2 topic="t"');
      t.deepEqual(await peer.ack('REGACK', 3, 2), ['PUBLISH topic=normal 3 msg=1 qos=2 dup 1 bytes']);
    }
  }
});

test('QoS 2 down: no PUBREL before the store knows, not even when the client asks again', async (t) => {
  const store = new CrashStore();
  const world = await SnWorld.start({}, store);
  const peer = await world.client('a', { cleanSession: false });
  await peer.subscribe('t', 2);
  await peer.say('04 18 0064');
  await world.broker.publish('t', '1', { qos: 2 });
  t.deepEqual(await peer.say(wake), ['PUBLISH topic=normal 3 msg=1 qos=2 1 bytes']);
  store.automatic = false;
  t.deepEqual(await peer.say('04 0f 0001'), []);
  t.deepEqual(await peer.say('04 0f 0001'), []);
  t.deepEqual(await peer.say(wake), []);
  world.clock.advance(10_000);
  t.deepEqual(peer.heard(), []);
  store.flush();
  t.deepEqual(peer.heard(), ['PUBREL msg=1']);
});

test('nothing is left in the store of sessions that are over', async (t) => {
  const store = new CrashStore();
  const world = await SnWorld.start({}, store);
  const peer = await world.client('a');
  await peer.subscribe('t', 2);
  await peer.say('04 18 0064');
  await world.broker.publish('t', '1', { qos: 2 });
  await peer.publish({ topicId: 3, qos: 2, msgId: 5 });
  t.is(store.count('mqttsn.messages'), 2);
  t.is(store.count('mqttsn.received'), 1);
  await peer.say('02 18');
  for (const owner of ['mqttsn.sessions', 'mqttsn.messages', 'mqttsn.received']) t.is(store.count(owner), 0, owner);
});

test('a clean connection removes what was kept', async (t) => {
  const store = new CrashStore();
  const world = await SnWorld.start({}, store);
  const peer = await world.client('a', { cleanSession: false });
  await peer.subscribe('t', 1);
  await world.broker.publish('t', '1', { qos: 1 });
  t.is(store.count('mqttsn.messages'), 1);
  await peer.connect('a', { cleanSession: true });
  t.is(store.count('mqttsn.messages'), 0);
});

test('a node behind a forwarder is remembered with its forwarder', async (t) => {
  const store = new CrashStore();
  const world = await SnWorld.start({ mayForward: () => true }, store);
  const forwarder = world.peer('10.0.0.1:1');
  await forwarder.sayRaw('05 fe 01 aabb 09 04 04 01 003c 6e6f64');
  await forwarder.sayRaw('05 fe 01 aabb 06 12 00 0001 74');
  const after = await world.restart(store.crash());
  forwarder.meets(after);
  await after.broker.publish('t', 'x', { qos: 0 });
  t.deepEqual(forwarder.hex(), ['05fe00aabb080c000003000078']);
});

test('what the client is told to rely upon is in the store', async (t) => {
  const store = new CrashStore();
  const world = await SnWorld.start({}, store);
  const peer = world.peer('10.0.0.1:1');
  store.automatic = false;
  const conversation: readonly [said: string, answer: string][] = [
    ['07 04 00 01 003c 61', 'CONNACK rc=accepted'],
    ['07 0a 0000 0001 74', 'REGACK id=3 msg=1 rc=accepted'],
    ['06 12 20 0002 75', 'SUBACK id=4 msg=2 qos=1 rc=accepted'],
    ['06 14 00 0003 75', 'UNSUBACK msg=3'],
    ['04 1a 10 77', 'WILLTOPICRESP rc=accepted'],
    ['03 1c 6d', 'WILLMSGRESP rc=accepted'],
    ['04 18 0064', 'DISCONNECT'],
    [wake, 'PINGRESP'],
    ['02 18', 'DISCONNECT'],
    ['07 04 04 01 003c 61', 'CONNACK rc=accepted'],
    ['02 18', 'DISCONNECT'],
  ];
  for (const [said, answer] of conversation) {
    t.deepEqual(await peer.say(said), [], `too soon: ${answer}`);
    store.flush();
    t.deepEqual(peer.heard(), [answer]);
  }
  t.is(store.count('mqttsn.sessions'), 0);
});

test('what is sent after an answer that waits comes after it', async (t) => {
  const store = new CrashStore();
  const world = await SnWorld.start({}, store);
  const peer = await world.client('a');
  store.automatic = false;
  t.deepEqual(await peer.subscribe('t', 0), []);
  await world.broker.publish('t', 'x', { qos: 0 });
  t.deepEqual(peer.heard(), []);
  store.flush();
  t.deepEqual(peer.heard(), ['SUBACK id=3 msg=1 qos=0 rc=accepted', 'PUBLISH topic=normal 3 msg=0 qos=0 1 bytes']);
});

test('QoS 2 up: with PUBCOMP an id is free, crash or not', async (t) => {
  for (const crash of [false, true]) {
    const store = new CrashStore();
    const world = await SnWorld.start({}, store);
    const peer = await world.client('a');
    await peer.say({ type: 'REGISTER', topicId: 0, msgId: 1, topicName: 't' });
    await peer.publish({ topicId: 3, qos: 2, msgId: 9 });
    store.automatic = false;
    t.deepEqual(await peer.say('04 10 0009'), [], 'PUBCOMP waits for the store');
    store.flush();
    t.deepEqual(peer.heard(), ['PUBCOMP msg=9']);
    store.automatic = true;
    const after = crash ? await world.restart(store.crash()) : world;
    if (!crash) after.clock.advance(5000);
    peer.meets(after);
    t.deepEqual(await peer.publish({ topicId: 3, qos: 2, msgId: 9 }), ['PUBREC msg=9']);
    t.is(after.broker.published.length, crash ? 1 : 2);
  }
});

for (const repeated of [true, false]) {
  test(`QoS 2 up: a publication from before a crash, ${repeated ? 'repeated and ' : ''}released, does not shadow the next one with its id`, async (t) => {
    const store = new CrashStore();
    const world = await SnWorld.start({}, store);
    const peer = await world.client('a');
    await peer.say({ type: 'REGISTER', topicId: 0, msgId: 1, topicName: 't' });
    const publication = { topicId: 3, qos: 2, msgId: 9 } as const;
    await peer.publish({ ...publication, payload: Buffer.from('1') });
    const after = await world.restart(store.crash());
    peer.meets(after);
    if (repeated) await peer.publish({ ...publication, payload: Buffer.from('1'), dup: true });
    t.deepEqual(await peer.say('04 10 0009'), ['PUBCOMP msg=9']);
    t.is(after.broker.published.length, 0);
    await peer.publish({ ...publication, payload: Buffer.from('2') });
    t.is(after.broker.published.length, 1);
  });
}

test('QoS 2 down: an active client with a clean session gets a message that its publisher repeats after a crash once', async (t) => {
  const store = new CrashStore();
  const world = await SnWorld.start({}, store);
  const peer = await world.client('a');
  await peer.subscribe('t', 2);
  const publisher = await world.client('b');
  await publisher.say({ type: 'REGISTER', topicId: 0, msgId: 1, topicName: 't' });
  store.automatic = false;
  await publisher.publish({ topicId: 3, qos: 2, msgId: 9 });
  t.deepEqual(peer.heard(), [], 'not before the store knows it');
  const after = await world.restart(store.crash());
  publisher.meets(after);
  peer.meets(after);
  await publisher.publish({ topicId: 3, qos: 2, msgId: 9, dup: true });
  t.is(peer.heard().length, 1);
});

test('nobody is told that it is unknown before all ports are open', async (t) => {
  const store = new CrashStore();
  const world = await SnWorld.start({}, store);
  const peer = await world.client('a');
  const [first, second] = [new MemoryPort('first', world.port), new MemoryPort('second')];
  second.start = async () => first.deliver('02 16', peer.peer);
  const around = { clock: world.clock, log: silentLog, metrics: world.metrics };
  const server = new SnServer([first, second], world.broker, snOptions(), around, new Journal(store));
  await server.start();
  t.deepEqual(peer.heard(), []);
  first.deliver('02 16', peer.peer);
  t.deepEqual(peer.heard(), ['PINGRESP']);
});
