import test from 'ava';
import { BrokerRefusal } from '#src/broker/port.js';
import { MemoryStore } from '#src/store/memory-store.js';
import { SnWorld } from '../support/sn-world.js';

/** A broker that keeps the sessions of clients that are away, as one that several gateways share does. */
async function shared(store?: MemoryStore): Promise<SnWorld> {
  const world = await SnWorld.start({}, store);
  world.broker.keepsSessions = true;
  return world;
}

test('who leaves has no link, and what comes meanwhile waits in the broker', async (t) => {
  const world = await shared();
  const peer = await world.client('a', { cleanSession: false });
  await peer.subscribe('in', 1);
  await peer.say('02 18');
  t.deepEqual(world.broker.connected, []);
  await world.broker.publish('in', 'mail');
  await peer.connect('a', { cleanSession: false });
  await peer.say('02 16');
  t.deepEqual(world.broker.connected, ['a']);
  t.deepEqual(world.broker.subscriptionsOf('a'), ['in']);
});

test('a broker that is away for a while costs nobody the session', async (t) => {
  const world = await shared();
  const peer = await world.client('a', { cleanSession: false });
  await peer.subscribe('in', 1);
  await peer.say('02 18');
  world.broker.refuse = () => new BrokerRefusal('UNAVAILABLE', 'away');
  t.deepEqual(await peer.connect('a', { cleanSession: false }), ['CONNACK rc=congestion']);
  t.is(world.server.sessions, 1);
  t.deepEqual(await world.peer('10.0.0.9:9').connect('new', { cleanSession: false }), ['CONNACK rc=congestion']);
  t.is(world.server.sessions, 1);
  world.broker.refuse = () => undefined;
  t.deepEqual(await peer.connect('a', { cleanSession: false }), ['CONNACK rc=accepted']);
});

test('after a restart only who is there gets a link', async (t) => {
  const store = new MemoryStore();
  const world = await shared(store);
  await world.client('here', { cleanSession: false });
  const gone = await world.client('gone', { cleanSession: false });
  await gone.say('02 18');
  const again = await world.restart(store);
  t.deepEqual(again.broker.connected, ['here']);
});
