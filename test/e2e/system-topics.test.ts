import test from 'ava';
import { UdpDevice } from '../lwm2m/support/udp-device.js';
import { startGateway } from '../support/gateway.js';
import { TestClient } from '../support/mqtt-client.js';
import { SnClient } from '../support/sn-client.js';

/** Waits until a client has received all of these. */
async function hears(client: TestClient, ...wanted: string[]): Promise<void> {
  const until = Date.now() + 10_000;
  const missing = (): string[] => wanted.filter((line) => !client.received.includes(line));
  while (missing().length > 0) {
    if (Date.now() > until) throw new Error(`missing: ${missing().join()} in\n${client.received.join('\n')}`);
    await client.messages(client.received.length + 1, 1000);
  }
}

test('the broker tells about itself under $SYS/broker/, and to nobody who has not asked', async (t) => {
  const gateway = await startGateway(t, { isthmus: ['broker.sys_interval = 1s'] });
  const watcher = await TestClient.connect(gateway.mqtt, 'watcher');
  await watcher.mqtt.subscribeAsync('$SYS/broker/#');
  const everything = await TestClient.connect(gateway.mqtt, 'everything');
  await everything.mqtt.subscribeAsync(['#', '+/broker/uptime', '+/#']);
  const sensors = await Promise.all(['a', 'b'].map((name) => SnClient.connect(gateway.snPort, name)));
  const device = await UdpDevice.at(gateway.coapPort);
  t.teardown(() => {
    for (const each of [...sensors, device]) each.close();
  });
  await device.register('ep');
  sensors[0]?.send({ type: 'DISCONNECT', durationSeconds: 600 });
  await sensors[0]?.answer('DISCONNECT');
  const away = await TestClient.connect(gateway.mqtt, 'away', { clean: false });
  await away.mqtt.subscribeAsync(['x', 'y'], { qos: 1 });
  await away.mqtt.endAsync();
  await everything.mqtt.publishAsync('x', 'for later', { qos: 1, retain: true });

  const [version] = await watcher.messages(1);
  t.regex(version ?? '', /^\$SYS\/broker\/version 0 retained isthmus version \d+\.\d+\.\d+$/);
  await hears(
    watcher,
    // Two MQTT clients, two sensors, the device, and the gateway's own link.
    '$SYS/broker/clients/connected 0 6',
    '$SYS/broker/clients/disconnected 0 1',
    '$SYS/broker/clients/total 0 7',
    // Of the watcher 1, of everything 3, of the client that is away 2, and the gateway's own 2.
    '$SYS/broker/subscriptions/count 0 8',
    '$SYS/broker/store/messages/count 0 1',
    '$SYS/broker/isthmus/mqtt/sessions/connected 0 retained 0',
    '$SYS/broker/isthmus/mqtt/sessions/disconnected 0 1',
    '$SYS/broker/isthmus/mqttsn/sessions/active 0 1',
    '$SYS/broker/isthmus/mqttsn/sessions/asleep 0 1',
    '$SYS/broker/isthmus/mqttsn/retransmissions 0 retained 0',
    '$SYS/broker/isthmus/mqttsn/decode_errors 0 retained 0',
    '$SYS/broker/isthmus/lwm2m/sessions/online 0 1',
  );
  for (const name of [
    'messages/received',
    'messages/sent',
    'bytes/received',
    'bytes/sent',
    'retained messages/count',
  ]) {
    const values = watcher.received.filter((line) => line.startsWith(`$SYS/broker/${name} `));
    t.true(Number(values.at(-1)?.split(' ').at(-1)) > 0, name);
  }
  t.true(watcher.received.some((line) => /^\$SYS\/broker\/uptime 0 [1-9]\d* seconds$/.test(line)));
  t.deepEqual(
    everything.received.filter((line) => line.startsWith('$')),
    [],
  );
});

test('broker.sys_interval = off', async (t) => {
  const gateway = await startGateway(t, { isthmus: ['broker.sys_interval = off'] });
  const watcher = await TestClient.connect(gateway.mqtt, 'watcher');
  await watcher.mqtt.subscribeAsync('$SYS/broker/#');
  await watcher.mqtt.subscribeAsync('end');
  await watcher.mqtt.publishAsync('end', 'x');
  t.deepEqual(await watcher.messages(1), ['end 0 x']);
});
