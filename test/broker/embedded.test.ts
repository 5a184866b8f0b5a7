import test from 'ava';
import type { QoS } from '#src/broker/port.js';
import { TestBroker } from '../support/mqtt-broker.js';
import { TestClient } from '../support/mqtt-client.js';

const levels: QoS[] = [0, 1, 2];
const pairs = levels.flatMap((published) => levels.map((subscribed) => [published, subscribed] as const));

test('the nine QoS pairs, link to link, to TCP and back', async (t) => {
  const test = await TestBroker.start(t);
  const device = await test.link('device');
  const other = await test.link('other');
  const app = await TestClient.connect(test.url, 'app');
  for (const qos of levels) {
    await device.subscribe(`down/+/${qos}`, qos);
    await app.mqtt.subscribeAsync(`up/+/${qos}`, { qos });
  }
  for (const [published, subscribed] of pairs) {
    await other.publish(`down/${published}/${subscribed}`, 'link', { qos: published });
    await app.mqtt.publishAsync(`down/${published}/${subscribed}`, 'tcp', { qos: published });
    await device.publish(`up/${published}/${subscribed}`, 'link', { qos: published });
    await app.mqtt.publishAsync(`up/${published}/${subscribed}`, 'tcp', { qos: published });
  }
  const expected = (way: string) =>
    pairs.flatMap(([p, s]) => ['link', 'tcp'].map((from) => `${way}/${p}/${s} ${Math.min(p, s)} ${from}`));
  t.deepEqual((await device.messages(18)).sort(), expected('down').sort());
  t.deepEqual((await app.messages(18)).sort(), expected('up').sort());
});

test('a message that matches several filters of a link comes once, with the highest QoS', async (t) => {
  const test = await TestBroker.start(t);
  const device = await test.link('device');
  await device.subscribe('a/#', 0);
  await device.subscribe('a/+', 2);
  await device.subscribe('a/b', 1);
  await device.publish('a/b', 'x', { qos: 2 });
  t.deepEqual(await device.messages(1), ['a/b 2 x']);
  await device.unsubscribe('a/+');
  await device.publish('a/b', 'y', { qos: 2 });
  t.deepEqual(await device.messages(2), ['a/b 2 x', 'a/b 1 y']);
});

test('subscribing again replaces the QoS and sends the retained messages again', async (t) => {
  const test = await TestBroker.start(t);
  const device = await test.link('device');
  await device.publish('r/1', 'one', { qos: 2, retain: true });
  t.is(await device.subscribe('r/+', 0), 0);
  t.is(await device.subscribe('r/+', 1), 1);
  await device.publish('r/1', 'two', { qos: 1, retain: true });
  t.deepEqual(await device.messages(3), ['r/1 0 retained one', 'r/1 1 retained one', 'r/1 1 two']);
  await device.publish('r/1', '', { retain: true });
  await device.subscribe('r/1');
  t.deepEqual((await device.messages(4)).slice(3), ['r/1 0 ']);
});

test('SUBACK comes before the retained messages, which wait for each other', async (t) => {
  const test = await TestBroker.start(t);
  const order: string[] = [];
  const waiting: (() => void)[] = [];
  const device = await test.link('device', {
    onMessage: ({ topic }, taken) => {
      order.push(topic);
      waiting.push(taken);
    },
  });
  for (const topic of ['r/1', 'r/2', 'r/3']) await device.publish(topic, 'x', { retain: true });
  device.raw.subscribe('r/#', 1, () => order.push('done'));
  t.deepEqual(order, ['done', 'r/1']);
  waiting[0]?.();
  t.deepEqual(order, ['done', 'r/1', 'r/2']);
  await device.unsubscribe('r/#');
  waiting[1]?.();
  t.deepEqual(order, ['done', 'r/1', 'r/2']);
});

test('a great many retained messages do not grow the stack', async (t) => {
  const test = await TestBroker.start(t);
  const device = await test.link('device');
  for (let i = 0; i < 30_000; i++)
    device.raw.publish({ topic: `r/${i}`, payload: Buffer.from('x'), qos: 0, retain: true }, () => {});
  await device.publish('last', 'x');
  await device.subscribe('#');
  t.is((await device.messages(30_000)).length, 30_000);
});

test('a QoS 1 publication is done when every subscriber has taken it', async (t) => {
  const test = await TestBroker.start(t);
  const taken: (() => void)[] = [];
  const slow = await test.link('slow', { onMessage: (_message, done) => taken.push(done) });
  const device = await test.link('device');
  await slow.subscribe('a', 1);
  let done = false;
  device.raw.publish({ topic: 'a', payload: Buffer.alloc(0), qos: 1, retain: false }, () => {
    done = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  t.is(taken.length, 1);
  t.false(done);
  // Meanwhile others are served.
  await device.publish('b', 'x', { qos: 1 });
  t.false(done);
  taken[0]?.();
  t.true(done);
});

test('nothing comes after unsubscribe or close, even of a message on its way', async (t) => {
  const test = await TestBroker.start(t);
  const order: string[] = [];
  const second = await test.link('second', {
    onMessage: (_message, taken) => {
      order.push('second');
      taken();
    },
  });
  const first = await test.link('first', {
    onMessage: (_message, taken) => {
      order.push('first');
      second.raw.close();
      taken();
    },
  });
  await first.subscribe('a');
  await second.subscribe('a');
  await first.publish('a', 'x');
  t.deepEqual(order, ['first']);
  await first.unsubscribe('a');
  await first.publish('a', 'x');
  t.deepEqual(order, ['first']);
  second.raw.close();
  t.deepEqual(test.broker.connected, { links: 1, clients: 0 });
});

test('topics and filters that MQTT does not allow are refused', async (t) => {
  const test = await TestBroker.start(t);
  const device = await test.link('device');
  for (const topic of ['', 'a/+', '#', 'a\0']) await t.throwsAsync(device.publish(topic, 'x'), { code: 'BAD_TOPIC' });
  for (const filter of ['', 'a#', '$share/g/a']) await t.throwsAsync(device.subscribe(filter), { code: 'BAD_TOPIC' });
  await t.throwsAsync(device.unsubscribe('a#'), { code: 'BAD_TOPIC' });
  await t.throwsAsync(device.publish('$SYS/x', 'x'), { code: 'NOT_AUTHORIZED' });
});

test('$SYS is seen by those who ask for it, and not through wildcards', async (t) => {
  const test = await TestBroker.start(t);
  const all = await test.link('all');
  const system = await test.link('system');
  await all.subscribe('#');
  await system.subscribe('$SYS/+/new/clients');
  const app = await TestClient.connect(test.url, 'app');
  t.regex((await system.messages(1))[0] ?? '', /^\$SYS\/.*\/new\/clients 0 app$/);
  t.deepEqual(all.received, []);
  await app.mqtt.endAsync();
});

test('a client id has one connection: link and link, link and TCP, TCP and link', async (t) => {
  const test = await TestBroker.start(t);
  const first = await test.link('same');
  const second = await test.link('same');
  t.deepEqual(first.closed, ['takeover']);
  await t.throwsAsync(first.subscribe('a'), { code: 'UNAVAILABLE' });
  const app = await TestClient.connect(test.url, 'same');
  t.deepEqual(second.closed, ['takeover']);
  t.deepEqual(test.broker.connected, { links: 0, clients: 1 });
  const gone = app.closed();
  const third = await test.link('same');
  await gone;
  t.deepEqual(test.broker.connected, { links: 1, clients: 0 });
  third.raw.close();
  t.deepEqual(third.closed, []);
});

test('a link that was taken over can still publish its will', async (t) => {
  const test = await TestBroker.start(t);
  const watcher = await test.link('watcher');
  await watcher.subscribe('will');
  const device = await test.link('device', {
    onClose: () => void device.publish('will', 'gone'),
  });
  const again = await test.link('device');
  t.deepEqual(await watcher.messages(1), ['will 0 gone']);
  again.raw.close();
});

test('kick ends links and MQTT clients, stop ends everything', async (t) => {
  const test = await TestBroker.start(t);
  const device = await test.link('device');
  const app = await TestClient.connect(test.url, 'app');
  const gone = app.closed();
  t.true(test.broker.kick('device'));
  t.true(test.broker.kick('app'));
  t.false(test.broker.kick('nobody'));
  await gone;
  t.deepEqual(device.closed, ['kicked']);
  const last = await test.link('last');
  await test.stop();
  await test.stop();
  t.deepEqual(last.closed, ['lost']);
  await t.throwsAsync(last.publish('a', 'x'), { code: 'UNAVAILABLE' });
  await t.throwsAsync(test.link('later'), { code: 'UNAVAILABLE' });
});

test('retained messages, wills and offline messages of MQTT clients', async (t) => {
  const test = await TestBroker.start(t);
  const device = await test.link('device');
  await device.subscribe('will/#', 1);
  const sleeper = await TestClient.connect(test.url, 'sleeper', {
    clean: false,
    will: { topic: 'will/sleeper', payload: Buffer.from('gone'), qos: 1, retain: true },
  });
  t.false(sleeper.sessionPresent);
  await sleeper.mqtt.subscribeAsync('for/#', { qos: 1 });
  await sleeper.mqtt.subscribeAsync('for/sleeper', { qos: 1 });
  sleeper.break();
  t.deepEqual(await device.messages(1), ['will/sleeper 1 gone']);
  for (const qos of levels) await device.publish('for/sleeper', `at ${qos}`, { qos });
  const back = await TestClient.connect(test.url, 'sleeper', { clean: false });
  t.true(back.sessionPresent);
  t.deepEqual(await back.messages(2), ['for/sleeper 1 at 1', 'for/sleeper 1 at 2']);
  await back.mqtt.endAsync();
  const late = await test.link('late');
  await late.subscribe('will/sleeper', 2);
  t.deepEqual(await late.messages(1), ['will/sleeper 1 retained gone']);
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.is(back.received.length, 2);
});

test('a clean link forgets what waited for its client id', async (t) => {
  const test = await TestBroker.start(t);
  const app = await TestClient.connect(test.url, 'same', { clean: false });
  await app.mqtt.subscribeAsync('a', { qos: 1 });
  await app.mqtt.endAsync();
  const device = await test.link('same', { cleanSession: true });
  await device.publish('a', 'x', { qos: 1 });
  const back = await TestClient.connect(test.url, 'same', { clean: false });
  t.false(back.sessionPresent);
  t.deepEqual(device.closed, ['takeover']);
});

test('a message that matches several filters of an MQTT client comes once, with the highest QoS', async (t) => {
  const test = await TestBroker.start(t);
  const device = await test.link('device');
  for (const clean of [true, false]) {
    const app = await TestClient.connect(test.url, `app ${clean}`, { clean });
    await app.mqtt.subscribeAsync('a/#', { qos: 0 });
    await app.mqtt.subscribeAsync('a/+', { qos: 2 });
    await app.mqtt.subscribeAsync('a/b', { qos: 1 });
    await device.publish('a/b', '1', { qos: 2, retain: true });
    await device.publish('a/b', '2', { qos: 1 });
    // A client passes a QoS 2 message on when it is released, perhaps after a QoS 1 message that came later.
    t.deepEqual((await app.messages(2)).sort(), ['a/b 1 2', 'a/b 2 1']);
    await app.mqtt.unsubscribeAsync(['a/#', 'a/+', 'a/b']);
    await app.mqtt.subscribeAsync('a/+', { qos: 1 });
    t.deepEqual((await app.messages(3)).slice(2), ['a/b 1 retained 1']);
    await device.publish('a/b', '', { retain: true });
    await app.mqtt.endAsync();
  }
});

test('a retained message of QoS 2 reaches a client with a persistent session', async (t) => {
  const test = await TestBroker.start(t);
  const device = await test.link('device');
  await device.publish('a/b', 'x', { qos: 2, retain: true });
  const app = await TestClient.connect(test.url, 'app', { clean: false });
  await app.mqtt.subscribeAsync('a/#', { qos: 2 });
  t.deepEqual(await app.messages(1), ['a/b 2 retained x']);
  // The release follows on the same connection, which stays.
  await app.mqtt.subscribeAsync('b', { qos: 2 });
  await app.mqtt.publishAsync('b', 'y', { qos: 2 });
  t.deepEqual(await app.messages(2), ['a/b 2 retained x', 'b 2 y']);
  t.true(app.mqtt.connected);
});

test('what is published while a client comes back follows after what has waited', async (t) => {
  const test = await TestBroker.start(t);
  const device = await test.link('device');
  const first = await TestClient.connect(test.url, 'sleeper', { clean: false });
  await first.mqtt.subscribeAsync('a/#', { qos: 2 });
  await first.mqtt.endAsync();
  let sent = 0;
  const publish = (): Promise<void> => device.publish('a/b', `${sent++}`, { qos: sent % 2 === 0 ? 1 : 2 });
  for (let i = 0; i < 300; i++) await publish();
  const publishing = setInterval(() => void publish(), 0);
  const back = await TestClient.connect(test.url, 'sleeper', { clean: false });
  await back.messages(400);
  clearInterval(publishing);
  await publish();
  await back.messages(sent);
  const numbers = (qos: number): number[] =>
    back.received.filter((line) => line.startsWith(`a/b ${qos}`)).map((line) => Number(line.split(' ')[2]));
  for (const qos of [1, 2])
    t.deepEqual(
      numbers(qos),
      numbers(qos).toSorted((a, b) => a - b),
    );
  t.is(back.received.length, sent);
});
