import { createServer, type Server, type Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { accessRule } from '#src/broker/auth.js';
import type { ListenerOptions } from '#src/broker/listeners.js';
import { silentLog } from '#src/core/log.js';
import { Metrics } from '#src/core/metrics.js';
import { externalTo, startExternal, until } from '../support/external-broker.js';
import { TestBroker, TestLink } from '../support/mqtt-broker.js';
import { selfSigned } from '../support/mqtt-certificate.js';
import { TestClient } from '../support/mqtt-client.js';

/** A broker that can be taken away and put back at the same port. */
class Restartable {
  private readonly t: ExecutionContext;
  private server: Server | undefined;
  private readonly sockets = new Set<Socket>();
  broker: TestBroker;
  port = 0;

  private constructor(t: ExecutionContext, broker: TestBroker) {
    this.t = t;
    this.broker = broker;
  }

  static async make(t: ExecutionContext): Promise<Restartable> {
    const made = new Restartable(t, await TestBroker.start(t));
    t.teardown(() => made.down());
    return made;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  /** Lets connections through to the broker. */
  async up(): Promise<void> {
    const server = createServer((socket) => {
      this.sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.sockets.delete(socket));
      this.broker.broker.handleConnection(socket);
    });
    this.server = server;
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    const address = server.address();
    if (address !== null && typeof address === 'object') this.port = address.port;
  }

  /** Breaks every connection and takes no more. */
  async down(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    for (const socket of this.sockets) socket.resetAndDestroy();
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
  }

  /** Breaks every connection. */
  cut(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  /** What was kept is gone. */
  async replace(): Promise<void> {
    await this.down();
    await this.broker.stop();
    this.broker = await TestBroker.start(this.t);
    await this.up();
  }
}

test('a broker that is not there at the start is waited for', async (t) => {
  const far = await Restartable.make(t);
  await far.up();
  await far.down();
  const external = externalTo(t, far.url);
  await external.start();
  t.false(external.ready);
  await t.throwsAsync(TestLink.open(external, 'device'), { code: 'UNAVAILABLE' });
  const patient = await TestLink.open(external, 'patient', { patient: true });
  await t.throwsAsync(patient.publish('a', 'x', { qos: 1 }), { code: 'UNAVAILABLE' });
  t.is(await patient.subscribe('a', 1), 1);
  await far.up();
  await until(() => external.ready, 'the broker is reached');
  // The broker knows of a connection, and of a subscription, before the link does.
  const app = await TestClient.connect(far.url, 'app');
  await app.mqtt.publishAsync('a', 'x', { qos: 1, retain: true });
  t.deepEqual(
    (await patient.messages(1)).map((line) => line.replace(' retained', '')),
    ['a 1 x'],
  );
  const device = await TestLink.open(external, 'device');
  await device.publish('a', 'y', { qos: 2 });
  t.is((await patient.messages(2)).at(-1), 'a 1 y');
  await patient.publish('b', 'x', { qos: 1 });
});

test('links come back with their subscriptions when the broker does', async (t) => {
  const far = await Restartable.make(t);
  await far.up();
  const external = await startExternal(t, far.url);
  const device = await TestLink.open(external, 'device');
  const kept = await TestLink.open(external, 'kept', { cleanSession: false });
  await device.publish('a/1', 'old', { retain: true, qos: 1 });
  await device.subscribe('a/#', 1);
  await kept.subscribe('a/+', 2);
  await kept.messages(1);
  await device.messages(1);
  for (const again of [() => far.replace(), () => far.up()]) {
    await far.down();
    await until(() => !external.ready && far.broker.broker.connected.clients === 0, 'the broker is lost');
    await again();
    await until(() => external.ready && far.broker.broker.connected.clients === 3, 'all are connected again', 15_000);
    // Until SUBACK a link is connected but not subscribed.
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const app = await TestClient.connect(far.url, 'app');
  await app.mqtt.publishAsync('a/2', 'new', { qos: 2 });
  t.deepEqual(await device.messages(2), ['a/1 1 retained old', 'a/2 1 new']);
  t.deepEqual(await kept.messages(2), ['a/1 1 retained old', 'a/2 2 new']);
  t.deepEqual([...device.closed, ...kept.closed], []);
});

test('what the broker has acknowledged is in the broker, however often the connection breaks', async (t) => {
  const far = await Restartable.make(t);
  await far.up();
  const external = await startExternal(t, far.url);
  const watcher = await far.broker.link('watcher');
  await watcher.subscribe('n/#', 2);
  const device = await TestLink.open(external, 'device', { cleanSession: false });
  const acknowledged: string[] = [];
  let n = 0;
  let cuts = 0;
  const cutting = setInterval(() => {
    far.cut();
    cuts++;
  }, 700);
  t.teardown(() => clearInterval(cutting));
  const stop = Date.now() + 30_000;
  while ((cuts < 5 || acknowledged.length < 20) && Date.now() < stop) {
    const name = `n/${(n % 2) + 1}/${n++}`;
    const qos = n % 2 === 1 ? 1 : 2;
    const outcome = await device.publish(name, 'x', { qos }).then(
      () => true,
      () => false,
    );
    if (outcome) acknowledged.push(name);
    else await new Promise((resolve) => setTimeout(resolve, 10));
  }
  clearInterval(cutting);
  const seen = (await watcher.messages(acknowledged.length)).map((line) => line.split(' ')[0] ?? '');
  t.true(acknowledged.length >= 20, `${acknowledged.length} acknowledged`);
  t.deepEqual(
    acknowledged.filter((name) => !seen.includes(name)),
    [],
  );
  const doubles = seen.filter((name, index) => name.startsWith('n/2') && seen.indexOf(name) !== index);
  t.deepEqual(doubles, []);
  t.deepEqual(device.closed, []);
});

test('messages for a device with a lasting session wait in the broker while it is away', async (t) => {
  const { url, ...rest } = await TestBroker.start(t).then((broker) => ({ url: broker.url, broker }));
  const [one, two] = [await startExternal(t, url), await startExternal(t, url)];
  const first = await TestLink.open(one, 'device', { cleanSession: false });
  await first.subscribe('for/device', 1);
  first.raw.close();
  await until(() => one.counts.links === 0, 'it has left');
  const app = await TestClient.connect(url, 'app');
  await app.mqtt.publishAsync('for/device', 'mail', { qos: 1 });
  // Through another gateway, which knows nothing of the subscription.
  const second = await TestLink.open(two, 'device', { cleanSession: false });
  t.deepEqual(await second.messages(1), ['for/device 1 mail']);
  const third = await TestLink.open(one, 'device', { cleanSession: false });
  await until(() => second.closed.length > 0, 'the second gateway has lost the device');
  t.deepEqual(second.closed, ['takeover']);
  await app.mqtt.publishAsync('for/device', 'more', { qos: 1 });
  t.deepEqual(await third.messages(1), ['for/device 1 more']);
  t.truthy(rest.broker);
});

test('names and passwords: from the templates, or its own', async (t) => {
  const seen: string[] = [];
  const authenticator = accessRule(false, {
    check: ({ clientId, username, password }) => {
      seen.push(`${clientId} ${username} ${password?.toString()}`);
      return Promise.resolve(password?.toString() !== 'wrong');
    },
  });
  const { url } = await TestBroker.start(t, { authenticator });
  const external = await startExternal(t, url, {
    clientId: 'plant-%c-%u',
    username: 'all-%c',
    password: 'for-%c',
    gatewayName: 'gw',
  });
  await TestLink.open(external, 'a');
  await TestLink.open(external, 'b', { username: 'ann', password: Buffer.from('own') });
  await TestLink.open(external, 'gw-sn', { isGateway: true });
  const refused = TestLink.open(external, 'c', { username: 'ann', password: Buffer.from('wrong') });
  await t.throwsAsync(refused, { code: 'BAD_CREDENTIALS' });
  t.deepEqual(seen.slice(-4), [
    'plant-a- all-a for-a',
    'plant-b-ann ann own',
    'gw-sn all-gw-sn for-gw-sn',
    'plant-c-ann ann wrong',
  ]);
});

test('over TLS, over WebSocket, and not to whom nobody vouches for', async (t) => {
  const { key, cert } = selfSigned();
  const tls = { key, cert, verifyPeer: false };
  const kinds: [ListenerOptions['kind'], string][] = [
    ['tls', 'mqtts://127.0.0.1:PORT'],
    ['ws', 'ws://127.0.0.1:PORT/mqtt'],
    ['wss', 'wss://localhost:PORT/mqtt'],
  ];
  for (const [kind, pattern] of kinds) {
    const { listener } = await TestBroker.start(t, {}, { kind, tls });
    const url = pattern.replace('PORT', String(listener.port));
    const context = createSecureContext({ ca: cert });
    const secure = kind === 'ws' ? {} : { tls: { context, verify: true } };
    const device = await TestLink.open(await startExternal(t, url, secure), 'device');
    await device.subscribe('a', 1);
    await device.publish('a', 'x', { qos: 1 });
    t.deepEqual(await device.messages(1), ['a 1 x'], kind);
    if (kind === 'ws') continue;
    const wary = externalTo(t, url, { tls: { context: createSecureContext(), verify: true } });
    await wary.start();
    await new Promise((resolve) => setTimeout(resolve, 300));
    t.false(wary.ready, kind);
    await startExternal(t, url, { tls: { context: createSecureContext(), verify: false } });
  }
});

test('stopping says goodbye for everybody', async (t) => {
  const { url, broker } = await TestBroker.start(t);
  const external = await startExternal(t, url);
  const will = { topic: 'will', payload: Buffer.from('gone'), qos: 1 as const, retain: true };
  const device = await TestLink.open(external, 'device', { will: () => will });
  await external.stop();
  t.deepEqual(device.closed, ['lost']);
  await until(() => broker.connected.clients === 0, 'nobody is connected');
  t.is(broker.kept.retained, 0);
  await t.throwsAsync(TestLink.open(external, 'late', { patient: true }), { code: 'UNAVAILABLE' });
});

test('whether the broker is there is known, and said once for each coming and going', async (t) => {
  const far = await Restartable.make(t);
  await far.up();
  await far.down();
  const said: string[] = [];
  const note = (_fields: object, text: string): void => void said.push(text);
  const metrics = new Metrics();
  const external = externalTo(t, far.url, {}, { log: { ...silentLog, info: note, warn: note }, metrics });
  await external.start();
  await until(() => said.length > 0, 'it is said that there is no broker');
  t.false(external.ready);
  await far.up();
  await until(() => external.ready, 'the broker is reached');
  const device = await TestLink.open(external, 'device');
  t.deepEqual(external.counts, { links: 1, connected: 1, waiting: 0, inFlight: 0 });
  await far.down();
  await until(() => !external.ready && external.counts.connected === 0, 'the broker is lost');
  await t.throwsAsync(device.publish('a', 'x', { qos: 1 }), { code: 'UNAVAILABLE' });
  await far.up();
  await until(() => external.ready && external.counts.connected === 1, 'all are back');
  const told = said.filter((text, index) => text !== said[index - 1]);
  const away = 'the broker cannot be reached: devices are told to come later';
  const course = [away, 'connected to the broker', 'the broker is lost', 'connected to the broker'];
  t.deepEqual(
    told.filter((text, index) => index === 0 || text !== away),
    course,
  );
  const counts = metrics.snapshot();
  t.like(counts, { 'broker.connects': 1, 'broker.reconnects': 1, 'broker.connections_lost': 1 });
  t.true((counts['broker.publish_refused'] ?? 0) >= 1);
});
