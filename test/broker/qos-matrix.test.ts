import test, { type ExecutionContext } from 'ava';
import type { QoS } from '#src/broker/port.js';
import { systemClock } from '#src/core/clock.js';
import { silentLog } from '#src/core/log.js';
import { Metrics } from '#src/core/metrics.js';
import { SnServer } from '#src/mqttsn/server.js';
import { UdpPort } from '#src/net/udp.js';
import { TestBroker } from '../support/mqtt-broker.js';
import { TestClient } from '../support/mqtt-client.js';
import { SnClient } from '../support/sn-client.js';
import { snOptions } from '../support/sn-world.js';

const levels: QoS[] = [0, 1, 2];
const pairs = levels.flatMap((published) => levels.map((subscribed) => [published, subscribed] as const));

type Protocol = 'MQTT' | 'MQTT-SN';

/** A client of either protocol, as far as the table needs it. */
interface Side {
  publish(topic: string, payload: string, qos: QoS, retain?: boolean): Promise<unknown>;
  subscribe(filter: string, qos: QoS): Promise<unknown>;
  messages(count: number): Promise<string[]>;
}

/** A broker and an MQTT-SN gateway in front of it, both on the loopback interface. */
async function scene(t: ExecutionContext) {
  const test = await TestBroker.start(t);
  const udp = new UdpPort({ host: '127.0.0.1', port: 0 }, silentLog, new Metrics());
  const around = { clock: systemClock, log: silentLog, metrics: test.metrics };
  const server = new SnServer([udp], test.broker, snOptions({ session: { maxTopics: 100, queueLimit: 100 } }), around);
  await server.start();
  t.teardown(() => server.stop());
  const connect = async (protocol: Protocol, clientId: string): Promise<Side> => {
    if (protocol === 'MQTT-SN') {
      const client = await SnClient.connect(udp.port, clientId);
      t.teardown(() => client.close());
      return client;
    }
    const client = await TestClient.connect(test.url, clientId);
    return {
      publish: (topic, payload, qos, retain = false) => client.mqtt.publishAsync(topic, payload, { qos, retain }),
      subscribe: (filter, qos) => client.mqtt.subscribeAsync(filter, { qos }),
      messages: (count) => client.messages(count),
    };
  };
  return { connect };
}

const ways: [from: Protocol, to: Protocol][] = [
  ['MQTT', 'MQTT'],
  ['MQTT', 'MQTT-SN'],
  ['MQTT-SN', 'MQTT'],
  ['MQTT-SN', 'MQTT-SN'],
];

for (const [from, to] of ways) {
  test(`the nine QoS pairs from ${from} to ${to}: each message once, with the lower QoS`, async (t) => {
    const { connect } = await scene(t);
    const publisher = await connect(from, 'publisher');
    const subscriber = await connect(to, 'subscriber');
    for (const [published, subscribed] of pairs) await subscriber.subscribe(`q/${published}/${subscribed}`, subscribed);
    for (const [published, subscribed] of pairs)
      await publisher.publish(`q/${published}/${subscribed}`, 'x', published);
    // A last message, behind which nothing can be on its way any more.
    await subscriber.subscribe('end', 2);
    await publisher.publish('end', 'x', 2);
    const expected = pairs.map(([p, s]) => `q/${p}/${s} ${Math.min(p, s)} x`);
    const received = await subscriber.messages(10);
    t.deepEqual([...received].sort(), ['end 2 x', ...expected].sort());
  });

  test(`the nine QoS pairs of retained messages from ${from} to ${to}`, async (t) => {
    const { connect } = await scene(t);
    const publisher = await connect(from, 'publisher');
    for (const qos of levels) await publisher.publish(`r/${qos}`, 'x', qos, true);
    // QoS 0 has no answer that one could wait for; what comes after it does.
    await publisher.publish('r/end', 'x', 1, true);
    for (const subscribed of levels) {
      const subscriber = await connect(to, `subscriber ${subscribed}`);
      await subscriber.subscribe('r/#', subscribed);
      const received = await subscriber.messages(4);
      const expected = levels.map((published) => `r/${published} ${Math.min(published, subscribed)} retained x`);
      t.deepEqual([...received].sort(), [...expected, `r/end ${Math.min(1, subscribed)} retained x`]);
    }
    for (const qos of levels) await publisher.publish(`r/${qos}`, '', qos, true);
    await publisher.publish('r/end', '', 1, true);
    const late = await connect(to, 'late');
    await late.subscribe('r/#', 2);
    await publisher.publish('r/now', 'live', 2);
    t.deepEqual(await late.messages(1), ['r/now 2 live']);
  });
}
