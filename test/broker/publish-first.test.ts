import type { Client, PublishPacket } from 'aedes';
import test from 'ava';
import { PublishFirst } from '#src/broker/publish-first.js';
import { TestBroker } from '../support/mqtt-broker.js';
import { TestClient } from '../support/mqtt-client.js';

test('acknowledgements come in the order of the messages, with their errors, for each client by itself', (t) => {
  const ends = new Map<string, (error?: Error) => void>();
  const first = new PublishFirst(({ topic }, done) => void ends.set(topic, done));
  const [a, b] = [{} as Client, {} as Client];
  const order: string[] = [];
  const publish = (client: Client, topic: string): void =>
    first.run(client, { topic } as PublishPacket, (error) => order.push(`${topic} ${error?.message ?? 'ok'}`));
  for (const topic of ['1', '2', '3']) publish(a, topic);
  publish(b, '4');
  ends.get('2')?.(new Error('bad'));
  ends.get('3')?.();
  t.deepEqual(order, []);
  ends.get('4')?.();
  t.deepEqual(order, ['4 ok']);
  ends.get('1')?.();
  t.deepEqual(order, ['4 ok', '1 ok', '2 bad', '3 ok']);
});

test('an MQTT client has its acknowledgement when every subscriber has taken the message', async (t) => {
  const test = await TestBroker.start(t);
  const taken: (() => void)[] = [];
  const slow = await test.link('slow', { onMessage: (_message, done) => taken.push(done) });
  await slow.subscribe('a', 2);
  const app = await TestClient.connect(test.url, 'app');
  for (const qos of [1, 2] as const) {
    let acknowledged = false;
    const publishing = app.mqtt.publishAsync('a', 'x', { qos }).then(() => {
      acknowledged = true;
    });
    await app.mqtt.publishAsync('b', 'x', { qos: 2 });
    t.false(acknowledged);
    taken.shift()?.();
    await publishing;
    t.true(acknowledged);
  }
  t.deepEqual(taken, []);
});
