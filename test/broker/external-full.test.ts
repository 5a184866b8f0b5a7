import test from 'ava';
import { Metrics } from '#src/core/metrics.js';
import { externalTo, startExternal, until } from '../support/external-broker.js';
import { TestBroker, TestLink } from '../support/mqtt-broker.js';
import { TestClient } from '../support/mqtt-client.js';

test('what a device has no room for stays in the charge of the broker, and comes in order when there is room', async (t) => {
  const { url, broker } = await TestBroker.start(t);
  const metrics = new Metrics();
  const external = externalTo(t, url, {}, { metrics });
  await external.start();
  await until(() => external.ready, 'the broker is reached');
  const device = await TestLink.open(external, 'device', { cleanSession: false });
  await device.subscribe('for/device', 2);
  await device.subscribe('news', 0);
  device.raw.setFull(true);
  const app = await TestClient.connect(url, 'app');
  for (let n = 0; n < 150; n++) await app.mqtt.publishAsync('for/device', `${n}`, { qos: n % 2 === 0 ? 1 : 2 });
  // More than a hundred wait, so nothing is read any more; until then QoS 0 goes past what waits.
  t.deepEqual(await device.messages(1, 300), []);
  t.is(broker.kept.queued, 150);
  t.true(metrics.counter('broker.held_back').value > 100);
  // Room for one.
  const { length } = device.received;
  device.raw.setFull(false);
  const expected = Array.from({ length: 150 }, (_, n) => `for/device ${n % 2 === 0 ? 1 : 2} ${n}`);
  t.deepEqual(await device.messages(length + 150), expected);
  await until(() => broker.kept.queued === 0, 'all are acknowledged');
  device.raw.setFull(true);
  await app.mqtt.publishAsync('for/device', 'late', { qos: 1 });
  await app.mqtt.publishAsync('news', 'hot', { qos: 1 });
  t.is((await device.messages(151)).at(-1), 'news 0 hot');
  t.is(broker.kept.queued, 1);
});

test('what was held back when the gateway went comes to the next one', async (t) => {
  const { url, broker } = await TestBroker.start(t);
  const [one, two] = [await startExternal(t, url), await startExternal(t, url)];
  const first = await TestLink.open(one, 'device', { cleanSession: false });
  await first.subscribe('for/device', 2);
  first.raw.setFull(true);
  const app = await TestClient.connect(url, 'app');
  for (const qos of [1, 2, 1] as const) await app.mqtt.publishAsync('for/device', `${qos}`, { qos });
  await one.stop();
  t.deepEqual(first.received, []);
  t.is(broker.kept.queued, 3);
  const second = await TestLink.open(two, 'device', { cleanSession: false });
  t.deepEqual(await second.messages(3), ['for/device 1 1', 'for/device 2 2', 'for/device 1 1']);
});
