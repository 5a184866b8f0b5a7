import test from 'ava';
import { FakeClock } from '../support/fake-clock.js';
import { TestBroker } from '../support/mqtt-broker.js';
import { TestClient } from '../support/mqtt-client.js';

test('a publication that a full link would get is refused before anybody gets it', async (t) => {
  const test = await TestBroker.start(t);
  const sleeper = await test.link('sleeper');
  await sleeper.subscribe('a/+', 1);
  const other = await test.link('other');
  await other.subscribe('#', 2);
  sleeper.raw.setFull?.(true);
  const publisher = await test.link('publisher');
  await t.throwsAsync(publisher.publish('a/b', 'no', { qos: 1 }), { code: 'UNAVAILABLE' });
  await t.throwsAsync(publisher.publish('a/b', 'no', { qos: 2 }), { code: 'UNAVAILABLE' });
  await publisher.publish('a/b', 'qos 0', { qos: 0 });
  await publisher.publish('b', 'elsewhere', { qos: 1 });
  t.deepEqual(await other.messages(2), ['a/b 0 qos 0', 'b 1 elsewhere']);
  sleeper.raw.setFull?.(false);
  await publisher.publish('a/b', 'room', { qos: 1 });
  sleeper.raw.setFull?.(true);
  sleeper.raw.close();
  await publisher.publish('a/b', 'gone', { qos: 1 });
});

test('an MQTT publisher waits for its acknowledgement until there is room', async (t) => {
  const clock = new FakeClock();
  const test = await TestBroker.start(t, { clock });
  const sleeper = await test.link('sleeper');
  await sleeper.subscribe('a', 1);
  sleeper.raw.setFull?.(true);
  const app = await TestClient.connect(test.url, 'app');
  let acknowledged = false;
  const publication = app.mqtt.publishAsync('a', 'x', { qos: 1 }).then(() => {
    acknowledged = true;
  });
  while (!clock.waiting.includes('broker room')) await new Promise((resolve) => setImmediate(resolve));
  clock.advance(30_000);
  t.false(acknowledged);
  t.deepEqual(sleeper.received, []);
  sleeper.raw.setFull?.(false);
  clock.advance(500);
  await publication;
  t.is(sleeper.received.length, 1);
});
