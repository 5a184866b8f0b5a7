import test from 'ava';
import { BrokerRefusal, type LinkOptions } from '#src/broker/port.js';
import { CrashStore } from '../support/crash-store.js';
import { MemoryPeer } from '../support/memory-port.js';
import { World } from './support/world.js';

/** A server at a broker that keeps sessions, as one that several gateways share does. */
async function shared(store = new CrashStore()): Promise<World> {
  const world = await World.start({ statusTopic: 'status', commandSubscription: 'device' }, store);
  world.broker.keepsSessions = true;
  return world;
}

const status = (world: World): string | undefined =>
  /"status":"(\w+)"/.exec(world.broker.retained.get('lwm2m/ep/status')?.payload.toString() ?? '')?.[1];

const linkOf = (world: World): LinkOptions | undefined =>
  world.broker.opened.findLast(({ clientId }) => clientId === 'ep');

/** Another told the status of `ep`, as a broker does that publishes a will. */
const spoken = (world: World): Promise<void> =>
  world.broker.publish('lwm2m/ep/status', '{"ep":"ep","status":"offline"}', { retain: true });

test('the will of a device says that it is offline, and is kept', async (t) => {
  const world = await shared();
  await world.registered('ep');
  const will = linkOf(world)?.will?.();
  t.like(will, { topic: 'lwm2m/ep/status', retain: true, qos: 1 });
  t.is(will?.payload.toString(), '{"ep":"ep","status":"offline"}');
  t.false(linkOf(world)?.patient ?? false);
});

test('after a loss of the connection, and with each update, the status is told again', async (t) => {
  const world = await shared();
  const path = await world.registered('ep', { query: ['b=UQ', 'lt=3600'] });
  await spoken(world);
  linkOf(world)?.onReconnect?.();
  t.is(status(world), 'awake');
  world.clock.advance(93_000);
  await spoken(world);
  linkOf(world)?.onReconnect?.();
  t.is(status(world), 'asleep');
  await spoken(world);
  await world.coap.receive(new MemoryPeer('peer of ep'), { method: 'POST', path });
  t.is(status(world), 'awake');
});

test('who has gone to another gateway is not spoken for any more', async (t) => {
  const world = await shared();
  await world.registered('ep');
  const link = linkOf(world);
  world.broker.end('ep', 'takeover');
  link?.onReconnect?.();
  t.is(status(world), 'online');
  t.is(world.server.size, 0);
});

test('a gateway that is stopped leaves its devices offline', async (t) => {
  const world = await shared();
  await world.registered('ep');
  await world.server.stop();
  t.is(status(world), 'offline');
});

test('after a restart the links of devices wait for the broker as long as it takes', async (t) => {
  const store = new CrashStore();
  const world = await shared(store);
  await world.registered('ep');
  const again = await world.restart(store.crash());
  // FakeBroker is elsewhere only from here on.
  again.broker.keepsSessions = true;
  again.broker.end('ep', 'lost');
  again.clock.advance(1000);
  await again.settled();
  t.true(linkOf(again)?.patient);
  again.broker.refuse = () => new BrokerRefusal('NOT_AUTHORIZED', 'no longer');
  again.broker.end('ep', 'lost');
  again.clock.advance(1000);
  await again.settled();
  t.is(again.server.size, 0);
});
