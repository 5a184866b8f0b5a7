import test from 'ava';
import { TestBroker } from '../support/mqtt-broker.js';
import { TestClient } from '../support/mqtt-client.js';

for (const kind of ['tcp', 'ws'] as const) {
  test(`each packet is counted once, and the bytes of all: ${kind}`, async (t) => {
    const test = await TestBroker.start(t, {}, { kind });
    const count = (way: string): number => test.metrics.counter(`broker.packets_${way}`).value;
    const url = kind === 'tcp' ? test.url : `ws://127.0.0.1:${test.listener.port}/mqtt`;
    const client = await TestClient.connect(url, 'client');
    await client.mqtt.subscribeAsync('a', { qos: 1 });
    for (let i = 0; i < 10; i++) await client.mqtt.publishAsync('a', Buffer.alloc(1000), { qos: 1 });
    await client.messages(10);
    const gone = client.closed();
    await client.mqtt.endAsync();
    await gone;
    // CONNACK, SUBACK, PUBLISH, PUBACK; CONNECT, SUBSCRIBE, PUBLISH, PUBACK, DISCONNECT.
    t.is(count('sent'), 22);
    t.is(count('received'), 23);
    const { received, sent } = test.listener.traffic;
    t.true(received > 10_000 && received < 12_000, `${received}`);
    t.true(sent > 10_000 && sent < 12_000, `${sent}`);
  });
}
