import test from 'ava';
import { MemoryPeer } from '../support/memory-port.js';
import { SnWorld } from '../support/sn-world.js';

test('SEARCHGW is answered with GWINFO, in a session or not', async (t) => {
  const world = await SnWorld.start({ gatewayId: 7 });
  const peer = world.peer('10.0.0.1:1');
  t.deepEqual(await peer.say('03 01 00'), ['GWINFO gateway=7']);
  await peer.connect('a');
  t.deepEqual(await peer.say('03 01 00'), ['GWINFO gateway=7']);
});

test('GWINFO goes to the groups too where that is wanted', async (t) => {
  const group = new MemoryPeer('group');
  const world = await SnWorld.start({ gwInfoAudience: () => [group] });
  t.deepEqual(await world.peer('10.0.0.1:1').say('03 01 00'), ['GWINFO gateway=1']);
  t.deepEqual(group.take(), ['030201']);
});

test('CONNECT is answered, and its repetition too, without a new beginning', async (t) => {
  const world = await SnWorld.start();
  const peer = world.peer('10.0.0.1:1');
  t.deepEqual(await peer.connect('a'), ['CONNACK rc=accepted']);
  t.deepEqual(await peer.connect('a'), ['CONNACK rc=accepted']);
  t.deepEqual(world.broker.connected, ['a']);
  await peer.subscribe('t', 0);
  // Something was heard since: this is a new connection, and a clean one.
  t.deepEqual(await peer.connect('a'), ['CONNACK rc=accepted']);
  t.deepEqual(world.broker.subscriptionsOf('a'), []);
});

test('what a CONNECT may not have is refused with "not supported"', async (t) => {
  const world = await SnWorld.start({ maxClientIdLength: 4 });
  const peer = world.peer('10.0.0.1:1');
  t.deepEqual(await peer.connect('a', { protocolId: 2 }), ['CONNACK rc=not-supported']);
  t.deepEqual(await peer.connect(''), ['CONNACK rc=not-supported']);
  t.deepEqual(await peer.connect('abcde'), ['CONNACK rc=not-supported']);
  t.is(world.count('connects_refused'), 3);
  t.is(world.server.sessions, 0);
});

test('with all sessions taken CONNECT is told to come again', async (t) => {
  const world = await SnWorld.start({ maxSessions: 1 });
  await world.client('a');
  t.deepEqual(await world.peer('10.0.0.1:2').connect('b'), ['CONNACK rc=congestion']);
});

test("the broker's refusal reaches the device as the nearest return code", async (t) => {
  const { BrokerRefusal } = await import('#src/broker/port.js');
  const world = await SnWorld.start();
  const peer = world.peer('10.0.0.1:1');
  world.broker.refuse = () => new BrokerRefusal('BAD_CREDENTIALS', 'no');
  t.deepEqual(await peer.connect('a'), ['CONNACK rc=not-supported']);
  world.broker.refuse = () => new BrokerRefusal('UNAVAILABLE', 'later');
  t.deepEqual(await peer.connect('a'), ['CONNACK rc=congestion']);
  t.is(world.server.sessions, 0);
});

test('each client is presented with its own credentials, or the common ones', async (t) => {
  const world = await SnWorld.start({
    credentials: { username: 'all', password: 'p1' },
    clientCredentials: new Map([['b', { username: 'bee', password: 'p2' }]]),
  });
  const seen: string[] = [];
  world.broker.refuse = ({ clientId, username, password }) => {
    seen.push(`${clientId} ${username} ${String(password)}`);
    return undefined;
  };
  await world.client('a');
  await world.client('b');
  t.deepEqual(seen, ['a all p1', 'b bee p2']);
});

test('an unknown sender learns that it is not connected', async (t) => {
  const world = await SnWorld.start();
  const peer = world.peer('10.0.0.1:1');
  for (const hex of [
    '09 0a 0000 0001 612f62',
    '09 0c 20 0005 0001 6869',
    '08 12 20 0007 612f2b',
    '02 16',
    '04 10 0001',
  ]) {
    t.deepEqual(await peer.say(hex), ['DISCONNECT'], hex);
  }
  t.deepEqual(await peer.say('05 00 01 0384'), [], 'ADVERTISE of another gateway');
  t.deepEqual(await peer.say('02 18'), ['DISCONNECT']);
});

test('who has no session is answered only so often in a second', async (t) => {
  const world = await SnWorld.start({ unboundPerSecond: 2 });
  const peer = world.peer('10.0.0.1:1');
  const other = world.peer('10.0.0.1:2');
  t.is((await peer.say('02 16')).length, 1);
  t.is((await peer.say('02 16')).length, 1);
  t.is((await other.say('02 16')).length, 0, 'the budget belongs to the host, not to the port');
  t.is((await world.peer('10.0.0.2:1').say('02 16')).length, 1);
  world.clock.advance(1000);
  t.is((await peer.say('02 16')).length, 1);
  t.is(world.count('rate_limited'), 1);
});

test('no answer before CONNECT is longer than its question', async (t) => {
  const { vectors } = await import('../vectors/mqttsn.js');
  const world = await SnWorld.start({ mayForward: () => true });
  for (const { hex } of vectors) {
    const peer = world.peer(`10.0.0.9:${hex}`);
    world.port.deliver(hex, peer.peer);
    for (const answer of peer.hex()) t.true(answer.length <= hex.replaceAll(' ', '').length, `${hex} -> ${answer}`);
  }
});

test('a malformed packet is counted and changes nothing', async (t) => {
  const world = await SnWorld.start();
  const peer = await world.client('a');
  const { malformed } = await import('../vectors/mqttsn.js');
  for (const [hex] of malformed) t.deepEqual(await peer.say(hex), []);
  t.is(world.count('decode_errors'), malformed.length);
  t.deepEqual(await peer.say('02 16'), ['PINGRESP']);
});

test('several messages in one datagram are all dealt with', async (t) => {
  const world = await SnWorld.start();
  const peer = await world.client('a');
  t.deepEqual(await peer.say('02 16  09 0a 0000 0001 612f62  03 01 00'), [
    'PINGRESP',
    'REGACK id=3 msg=1 rc=accepted',
    'GWINFO gateway=1',
  ]);
});

test('DISCONNECT is acknowledged and ends a clean session', async (t) => {
  const world = await SnWorld.start();
  const peer = await world.client('a');
  t.deepEqual(await peer.say('02 18'), ['DISCONNECT']);
  t.is(world.server.sessions, 0);
  t.deepEqual(world.broker.connected, []);
});

test('a silent client is lost when its keep alive time and the tolerance are over', async (t) => {
  for (const [seconds, limit] of [
    [60, 90_000],
    [61, 67_100],
    [600, 660_000],
  ] as const) {
    const world = await SnWorld.start();
    const peer = await world.client('a', { durationSeconds: seconds });
    world.clock.advance(limit - 1);
    t.deepEqual(await peer.say('02 16'), ['PINGRESP']);
    world.clock.advance(limit - 1);
    t.is(world.server.sessions, 1, `${seconds} s, just before`);
    world.clock.advance(1);
    t.is(world.server.sessions, 0, `${seconds} s, just after`);
    t.is(world.count('sessions_lost'), 1);
    t.deepEqual(await peer.say('02 16'), ['DISCONNECT']);
  }
});

test('a keep alive time of 0 means none', async (t) => {
  const world = await SnWorld.start();
  const peer = await world.client('a', { durationSeconds: 0 });
  world.clock.advance(1e9);
  t.deepEqual(await peer.say('02 16'), ['PINGRESP']);
});

test('a session that is not clean is kept after DISCONNECT, until it expires', async (t) => {
  const world = await SnWorld.start({ session: { sessionExpiryMs: 1000 } });
  const peer = await world.client('a', { cleanSession: false });
  await peer.subscribe('t', 1);
  await peer.say('02 18');
  t.deepEqual(world.broker.subscriptionsOf('a'), ['t']);
  await world.broker.publish('t', 'one', { qos: 1 });
  await world.broker.publish('t', 'lost', { qos: 0 });
  t.deepEqual(peer.heard(), []);
  t.deepEqual(await peer.connect('a', { cleanSession: false }), [
    'CONNACK rc=accepted',
    'REGISTER id=3 msg=2 topic="t"',
  ]);
  t.deepEqual(await peer.ack('REGACK', 3, 2), ['PUBLISH topic=normal 3 msg=1 qos=1 3 bytes']);
  t.deepEqual(await peer.ack('PUBACK', 3, 1), []);
  await peer.say('02 18');
  world.clock.advance(1000);
  t.is(world.server.sessions, 0);
  t.is(world.count('sessions_expired'), 1);
});

test('a client that connects from another address takes its session with it', async (t) => {
  const world = await SnWorld.start();
  const before = await world.client('a', { cleanSession: false });
  await before.subscribe('t', 0);
  const after = world.peer('10.0.0.2:2');
  t.deepEqual(await after.connect('a', { cleanSession: false }), ['CONNACK rc=accepted']);
  await world.broker.publish('t', 'x', { qos: 0 });
  t.deepEqual(before.heard(), []);
  t.deepEqual(after.heard(), ['REGISTER id=3 msg=1 topic="t"']);
  t.deepEqual(await before.say('02 16'), ['DISCONNECT']);
});

test('another client id on the same address ends the first session', async (t) => {
  const world = await SnWorld.start();
  const peer = await world.client('a');
  t.deepEqual(await peer.connect('b'), ['CONNACK rc=accepted']);
  t.deepEqual(world.broker.connected, ['b']);
  t.is(world.count('sessions_lost'), 1);
});

test('an administrator can end a session', async (t) => {
  const world = await SnWorld.start();
  const peer = await world.client('a');
  t.true(world.server.kick('a'));
  t.deepEqual(peer.heard(), ['DISCONNECT']);
  t.false(world.server.kick('a'));
});
