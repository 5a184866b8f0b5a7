import test, { type ExecutionContext } from 'ava';
import type { BrokerPort, LinkOptions, QoS } from '#src/broker/port.js';
import { startExternal, until } from '../support/external-broker.js';
import { TestBroker, TestLink } from '../support/mqtt-broker.js';
import { TestClient } from '../support/mqtt-client.js';

/** What every implementation of the port does. The one elsewhere stands against the embedded one's TCP listener. */
interface World {
  readonly url: string;
  link(clientId: string, options?: Partial<LinkOptions>): Promise<TestLink>;
}

const world = (url: string, broker: BrokerPort): World => ({
  url,
  link: (clientId, options = {}) => TestLink.open(broker, clientId, options),
});

const implementations: Record<string, (t: ExecutionContext) => Promise<World>> = {
  embedded: async (t) => {
    const { url, broker } = await TestBroker.start(t);
    return world(url, broker);
  },
  external: async (t) => {
    const { url } = await TestBroker.start(t);
    return world(url, await startExternal(t, url));
  },
};

const levels: QoS[] = [0, 1, 2];
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 100));

for (const [kind, start] of Object.entries(implementations)) {
  test(`${kind}: the nine QoS pairs, to and from an MQTT client`, async (t) => {
    const broker = await start(t);
    const device = await broker.link('device');
    const app = await TestClient.connect(broker.url, 'app');
    const expected = { up: [] as string[], down: [] as string[] };
    for (const published of levels) {
      for (const subscribed of levels) {
        const name = `${published}/${subscribed}`;
        t.is(await device.subscribe(`down/${name}`, subscribed), subscribed);
        await app.mqtt.subscribeAsync(`up/${name}`, { qos: subscribed });
        await device.publish(`up/${name}`, 'x', { qos: published });
        await app.mqtt.publishAsync(`down/${name}`, 'x', { qos: published });
        const qos = Math.min(published, subscribed);
        expected.up.push(`up/${name} ${qos} x`);
        expected.down.push(`down/${name} ${qos} x`);
      }
    }
    t.deepEqual((await app.messages(9)).sort(), expected.up);
    t.deepEqual((await device.messages(9)).sort(), expected.down);
  });

  test(`${kind}: a message that matches several filters comes once, with the highest QoS`, async (t) => {
    const broker = await start(t);
    const device = await broker.link('device');
    await device.subscribe('a/#', 0);
    await device.subscribe('a/+', 2);
    await device.subscribe('a/b', 1);
    await device.publish('a/b', 'x', { qos: 2 });
    t.deepEqual(await device.messages(1), ['a/b 2 x']);
    await device.unsubscribe('a/+');
    await device.publish('a/b', 'y', { qos: 2 });
    await settle();
    t.deepEqual(await device.messages(2), ['a/b 2 x', 'a/b 1 y']);
  });

  test(`${kind}: retained messages come with each new subscription after its answer, and not when resumed`, async (t) => {
    const broker = await start(t);
    const other = await broker.link('other');
    await other.publish('r/1', 'kept', { qos: 1, retain: true });
    const order: string[] = [];
    const device = await broker.link('device', {
      onMessage: ({ topic, retain }, taken) => {
        order.push(`${topic}${retain ? ' retained' : ''}`);
        taken();
      },
    });
    const subscribe = (resume: boolean): Promise<void> =>
      new Promise((resolve, reject) =>
        device.raw.subscribe(
          'r/#',
          1,
          (refusal) => {
            order.push('done');
            if (refusal) reject(refusal);
            else resolve();
          },
          resume,
        ),
      );
    await subscribe(true);
    await settle();
    t.deepEqual(order, ['done']);
    await subscribe(false);
    await settle();
    await subscribe(false);
    await settle();
    await other.publish('r/1', 'new', { qos: 1, retain: true });
    await settle();
    t.deepEqual(order, ['done', 'done', 'r/1 retained', 'done', 'r/1 retained', 'r/1']);
  });

  test(`${kind}: the publisher is acknowledged when the device's side has taken the message`, async (t) => {
    const broker = await start(t);
    for (const qos of [1, 2] as const) {
      const waiting: (() => void)[] = [];
      const options = { cleanSession: false, onMessage: (_message: unknown, taken: () => void) => waiting.push(taken) };
      const device = await broker.link('device', options);
      await device.subscribe(`taken/${qos}`, qos);
      const app = await TestClient.connect(broker.url, 'app');
      await app.mqtt.publishAsync(`taken/${qos}`, 'first', { qos: kind === 'external' ? qos : 0 });
      await until(() => waiting.length === 1, 'the first message');
      // The next one waits in the broker, or comes: a link may have several untaken. The first one is not lost.
      waiting[0]?.();
      await app.mqtt.publishAsync(`taken/${qos}`, 'second', { qos: 0 });
      await until(() => waiting.length === 2, 'the second message');
      t.is(waiting.length, 2);
      waiting[1]?.();
      await app.mqtt.endAsync();
    }
  });

  test(`${kind}: topics and filters that MQTT does not allow are refused`, async (t) => {
    const broker = await start(t);
    const device = await broker.link('device');
    for (const topic of ['', 'a/+', '#', 'a\0']) {
      await t.throwsAsync(device.publish(topic, 'x'), { code: 'BAD_TOPIC' });
    }
    for (const filter of ['', 'a#']) {
      await t.throwsAsync(device.subscribe(filter), { code: 'BAD_TOPIC' });
      await t.throwsAsync(device.unsubscribe(filter), { code: 'BAD_TOPIC' });
    }
    await device.publish('still/there', 'x', { qos: 1 });
  });

  test(`${kind}: a client id has one link, and the later one has it`, async (t) => {
    const broker = await start(t);
    const first = await broker.link('same');
    const second = await broker.link('same');
    t.deepEqual(first.closed, ['takeover']);
    await t.throwsAsync(first.subscribe('a'), { code: 'UNAVAILABLE' });
    await second.publish('a', 'x', { qos: 1 });
    const app = await TestClient.connect(broker.url, 'same');
    for (let i = 0; i < 300 && second.closed.length === 0; i++) await new Promise((resolve) => setTimeout(resolve, 10));
    t.deepEqual(second.closed, ['takeover']);
    t.true(app.mqtt.connected);
  });

  test(`${kind}: after unsubscribe and after close nothing comes`, async (t) => {
    const broker = await start(t);
    const device = await broker.link('device');
    const other = await broker.link('other');
    await device.subscribe('a', 1);
    await device.unsubscribe('a');
    await other.publish('a', 'x', { qos: 1 });
    await device.subscribe('a', 1);
    device.raw.close();
    device.raw.close();
    await other.publish('a', 'x', { qos: 1 });
    await settle();
    t.deepEqual(device.received, []);
    t.deepEqual(device.closed, []);
    await t.throwsAsync(device.subscribe('a'), { code: 'UNAVAILABLE' });
  });

  test(`${kind}: a will goes out once, when the client is lost, and not when it leaves`, async (t) => {
    const broker = await start(t);
    const watcher = await TestClient.connect(broker.url, 'watcher');
    await watcher.mqtt.subscribeAsync('will/#', { qos: 1 });
    const will = (topic: string) => ({ topic, payload: Buffer.from('gone'), qos: 1 as const, retain: false });
    const leaves = await broker.link('leaves', { will: () => will('will/leaves') });
    leaves.raw.close();
    const lost = await broker.link('lost', { will: () => will('will/lost') });
    lost.raw.publishWill(will('will/lost'));
    lost.raw.close();
    // One that has changed since the link was opened.
    const other = await broker.link('other', { will: () => will('will/old') });
    other.raw.publishWill(will('will/new'));
    other.raw.close();
    t.deepEqual((await watcher.messages(2)).sort(), ['will/lost 1 gone', 'will/new 1 gone']);
    await settle();
    t.is(watcher.received.length, 2);
  });
}
