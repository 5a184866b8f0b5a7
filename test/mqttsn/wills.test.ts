import test from 'ava';
import { type SnPeer, SnWorld } from '../support/sn-world.js';

async function withWill(world: SnWorld, cleanSession = true, address = '10.0.0.1:1'): Promise<SnPeer> {
  const peer = world.peer(address);
  await peer.connect('a', { will: true, cleanSession });
  await peer.say('07 07 30 77696c6c');
  await peer.say('05 09 627965');
  return peer;
}
const wills = (world: SnWorld) => world.broker.published.filter((p) => p.message.topic === 'will');

test('the handshake: WILLTOPICREQ, WILLMSGREQ, CONNACK', async (t) => {
  const world = await SnWorld.start();
  const peer = world.peer('10.0.0.1:1');
  t.deepEqual(await peer.connect('a', { will: true }), ['WILLTOPICREQ']);
  t.deepEqual(await peer.connect('a', { will: true }), ['WILLTOPICREQ'], 'a repeated CONNECT');
  t.deepEqual(await peer.say('02 16'), [], 'nothing else until it is done');
  t.deepEqual(await peer.say('07 07 30 77696c6c'), ['WILLMSGREQ']);
  t.deepEqual(await peer.connect('a', { will: true }), ['WILLMSGREQ']);
  t.deepEqual(await peer.say('05 09 627965'), ['CONNACK rc=accepted']);
});

test('the requests are repeated, so often, and then it is over', async (t) => {
  const world = await SnWorld.start();
  const peer = world.peer('10.0.0.1:1');
  await peer.connect('a', { will: true });
  world.clock.advance(30_000);
  t.deepEqual(peer.heard(), ['WILLTOPICREQ', 'WILLTOPICREQ', 'WILLTOPICREQ']);
  t.deepEqual(await peer.say('07 07 30 77696c6c'), ['WILLMSGREQ']);
  world.clock.advance(40_000);
  t.deepEqual(peer.heard(), ['WILLMSGREQ', 'WILLMSGREQ', 'WILLMSGREQ']);
  t.is(world.server.sessions, 0);
  t.is(wills(world).length, 0);
});

test('a CONNECT that is not finished within the idle timeout is over', async (t) => {
  const world = await SnWorld.start({ session: { idleTimeoutMs: 15_000 } });
  const peer = world.peer('10.0.0.1:1');
  await peer.connect('a', { will: true });
  world.clock.advance(14_999);
  t.deepEqual(peer.heard(), ['WILLTOPICREQ']);
  t.is(world.server.sessions, 1);
  world.clock.advance(1);
  t.is(world.server.sessions, 0);
  t.deepEqual(await peer.say('07 07 30 77696c6c'), ['DISCONNECT']);
});

test('published when the client is lost, once, with its QoS and RETAIN', async (t) => {
  const world = await SnWorld.start();
  await withWill(world);
  world.clock.advance(90_000);
  t.deepEqual(
    wills(world).map(({ message }) => message),
    [{ topic: 'will', payload: Buffer.from('bye'), qos: 1, retain: true }],
  );
  world.clock.advance(1e7);
  t.is(wills(world).length, 1);
});

test('published on sleep expiry, on retry exhaustion, by an administrator, and when the address is taken', async (t) => {
  const asleep = await SnWorld.start();
  await (await withWill(asleep)).say('04 18 0064');
  asleep.clock.advance(110_000);
  t.is(wills(asleep).length, 1);

  const silent = await SnWorld.start();
  await (await withWill(silent)).subscribe('t', 1);
  await silent.broker.publish('t', 'x', { qos: 1 });
  silent.clock.advance(40_000);
  t.is(wills(silent).length, 1);

  const kicked = await SnWorld.start();
  await withWill(kicked);
  kicked.server.kick('a');
  t.is(wills(kicked).length, 1);

  const taken = await SnWorld.start();
  await (await withWill(taken)).connect('b');
  t.is(wills(taken).length, 1);
});

test('not published on DISCONNECT, nor when the client moves to another address', async (t) => {
  const world = await SnWorld.start();
  await (await withWill(world)).say('02 18');
  await withWill(world);
  await withWill(world, true, '10.0.0.2:2');
  t.is(wills(world).length, 0);
});

test('clean session and will decide together what is kept', async (t) => {
  // A client with a will disconnects, connects in one of four ways and is lost: is the will published, and which one?
  for (const [cleanSession, will, expected] of [
    [true, false, 0],
    [false, false, 1],
    [true, true, 1],
    [false, true, 1],
  ] as const) {
    const world = await SnWorld.start();
    const peer = await withWill(world, false);
    await peer.say('02 18');
    const answer = await peer.connect('a', { cleanSession, will });
    t.deepEqual(answer, [will ? 'WILLTOPICREQ' : 'CONNACK rc=accepted']);
    if (will) {
      await peer.say('07 07 00 77696c6c');
      await peer.say('05 09 6e6577');
    }
    world.clock.advance(90_000);
    t.is(wills(world).length, expected, `clean ${cleanSession} will ${will}`);
    if (expected > 0) t.is(wills(world)[0]?.message.payload.toString(), will ? 'new' : 'bye');
  }
});

test('an empty WILLTOPIC deletes the will', async (t) => {
  const world = await SnWorld.start();
  const peer = await withWill(world, false);
  await peer.say('02 18');
  await peer.connect('a', { cleanSession: false, will: true });
  t.deepEqual(await peer.say('02 07'), ['CONNACK rc=accepted']);
  world.clock.advance(90_000);
  t.is(wills(world).length, 0);
});

test('WILLTOPICUPD and WILLMSGUPD change the will at once; an empty topic deletes it', async (t) => {
  const world = await SnWorld.start();
  const peer = await withWill(world);
  t.deepEqual(await peer.say('05 1c 6e6577'), ['WILLMSGRESP rc=accepted']);
  t.deepEqual(await peer.say('07 1a 00 77696c6c'), ['WILLTOPICRESP rc=accepted']);
  world.server.kick('a');
  t.deepEqual(wills(world)[0]?.message, { topic: 'will', payload: Buffer.from('new'), qos: 0, retain: false });

  const again = await withWill(world);
  t.deepEqual(await again.say('02 1a'), ['WILLTOPICRESP rc=accepted']);
  t.deepEqual(await again.say('03 1c 78'), ['WILLMSGRESP rc=not-supported'], 'no will to change');
  world.server.kick('a');
  t.is(wills(world).length, 1);
});

test('published when another client has taken the client id at the broker', async (t) => {
  const world = await SnWorld.start();
  await withWill(world);
  world.broker.end('a', 'takeover');
  t.is(wills(world).length, 1);
  t.is(world.server.sessions, 0);
});
