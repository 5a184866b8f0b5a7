import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { UdpDevice } from '../lwm2m/support/udp-device.js';
import { passwordLines, passwordOf, startGateway, type TestGateway } from '../support/gateway.js';
import { TestClient } from '../support/mqtt-client.js';
import { SnClient } from '../support/sn-client.js';

// Devices that speak plain MQTT, as their makers describe them, each with its application.

test('an OpenWRT access point: mqtt, each QoS, retained and cleared, a sensor beside it', async (t) => {
  const gateway = await startGateway(t);
  const accessPoint = await TestClient.connect(gateway.mqtt, 'openwrt');
  const sensor = await SnClient.connect(gateway.snPort, 'sensor');
  t.teardown(() => sensor.close());
  await accessPoint.mqtt.subscribeAsync('mqtt', { qos: 2 });
  await sensor.subscribe('mqtt', 2);
  const application = await TestClient.connect(gateway.mqtt, 'application');
  for (const qos of [0, 1, 2] as const) await application.mqtt.publishAsync('mqtt', `hello ${qos}`, { qos });
  await sensor.publish('mqtt', 'from the sensor', 1);
  const expected = ['mqtt 0 hello 0', 'mqtt 1 hello 1', 'mqtt 2 hello 2', 'mqtt 1 from the sensor'];
  t.deepEqual(await accessPoint.messages(4), expected);
  t.deepEqual([...(await sensor.messages(4))].sort(), [...expected].sort());

  await application.mqtt.publishAsync('mqtt', 'kept', { qos: 1, retain: true });
  const late = await TestClient.connect(gateway.mqtt, 'late');
  await late.mqtt.subscribeAsync('mqtt', { qos: 1 });
  t.deepEqual(await late.messages(1), ['mqtt 1 retained kept']);
  await application.mqtt.publishAsync('mqtt', '', { qos: 1, retain: true });
  const later = await TestClient.connect(gateway.mqtt, 'later');
  await later.mqtt.subscribeAsync('mqtt', { qos: 1 });
  await application.mqtt.publishAsync('mqtt', 'now', { qos: 1 });
  t.deepEqual(await later.messages(1), ['mqtt 1 now']);
});

const imei = '866834040001234';
const modem = { username: 'DDTM', password: passwordOf('DDTM'), keepalive: 90, clean: true } as const;
const lastWill = { topic: `DDTM/LWT/${imei}`, payload: Buffer.from('offline'), qos: 1, retain: false } as const;

/** A gateway that lets in the modem and its application only. */
async function modemGateway(t: ExecutionContext): Promise<TestGateway> {
  const passwd = await passwordLines('DDTM', 'application');
  const isthmus = ['broker.allow_anonymous = false', 'broker.password_file = etc/passwd'];
  return startGateway(t, { isthmus, files: { passwd } });
}

async function modemApplication(gateway: TestGateway): Promise<TestClient> {
  const password = passwordOf('application');
  const application = await TestClient.connect(gateway.mqtt, 'application', { username: 'application', password });
  await application.mqtt.subscribeAsync('DDTM/#', { qos: 1 });
  return application;
}

const sessions = [
  { title: 'MQTT 3.1.1', url: 'mqtt', options: {} },
  { title: 'MQTT 3.1', url: 'mqtt', options: { protocolId: 'MQIsdp', protocolVersion: 3 } },
  { title: 'MQTT 3.1.1 over TLS without a client certificate', url: 'mqtts', options: {} },
  {
    title: 'MQTT 3.1 over TLS without a client certificate',
    url: 'mqtts',
    options: { protocolId: 'MQIsdp', protocolVersion: 3 },
  },
] as const;

for (const { title, url, options } of sessions) {
  test(`a Quectel modem's session: ${title}`, async (t) => {
    const gateway = await modemGateway(t);
    const application = await modemApplication(gateway);
    const open = (): Promise<TestClient> =>
      TestClient.connect(gateway[url], imei, { ...modem, ...options, will: lastWill, ca: gateway.ca });
    const device = await open();
    await device.mqtt.subscribeAsync(`DDTM/RPC/${imei}`, { qos: 1 });
    const report = JSON.stringify({ imei, rssi: 21, vbat: 3.71 });
    await device.mqtt.publishAsync(`DDTM/UP/${imei}`, report, { qos: 1 });
    await application.mqtt.publishAsync(`DDTM/RPC/${imei}`, '{"method":"reboot"}', { qos: 1 });
    t.deepEqual(await device.messages(1), [`DDTM/RPC/${imei} 1 {"method":"reboot"}`]);
    const [up, rpc] = [`DDTM/UP/${imei} 1 ${report}`, `DDTM/RPC/${imei} 1 {"method":"reboot"}`];
    t.deepEqual(await application.messages(2), [up, rpc]);
    // After a DISCONNECT there is no will; after a connection that breaks there is.
    await device.mqtt.endAsync();
    (await open()).break();
    t.deepEqual(await application.messages(3), [up, rpc, `DDTM/LWT/${imei} 1 offline`]);
    await t.throwsAsync(
      TestClient.connect(gateway[url], imei, { ...modem, ...options, ca: gateway.ca, password: 'wrong' }),
    );
  });
}

const field = (text: string): Buffer =>
  Buffer.concat([Buffer.of(text.length >> 8, text.length & 0xff), Buffer.from(text)]);

/** Opens the modem's session byte by byte, as its firmware does, and then says nothing more. */
async function silentModem(gateway: TestGateway, version: 3 | 4, keepAliveSeconds: number): Promise<Socket> {
  const socket = connect(Number(new URL(gateway.mqtt).port), '127.0.0.1');
  // User name, password, will of QoS 1 without retain, clean session.
  const head = [field(version === 3 ? 'MQIsdp' : 'MQTT'), Buffer.of(version, 0xce, 0, keepAliveSeconds)];
  const texts = [imei, lastWill.topic, 'offline', 'DDTM', passwordOf('DDTM')].map(field);
  const body = Buffer.concat([...head, ...texts]);
  socket.write(Buffer.concat([Buffer.of(0x10, body.length), body]));
  const connack = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
  if (connack.toString('hex') !== '20020000') throw new Error(connack.toString('hex'));
  return socket;
}

for (const version of [3, 4] as const) {
  test(`the modem's will comes after one and a half keepalives of silence: version ${version}`, async (t) => {
    const gateway = await modemGateway(t);
    const application = await modemApplication(gateway);
    const socket = await silentModem(gateway, version, 2);
    const since = performance.now();
    t.deepEqual(await application.messages(1, 10_000), [`DDTM/LWT/${imei} 1 offline`]);
    const waited = performance.now() - since;
    t.true(waited > 2800 && waited < 5000, `${waited} ms`);
    socket.destroy();
    const leaving = await silentModem(gateway, version, 2);
    leaving.end(Buffer.of(0xe0, 0));
    await application.mqtt.publishAsync('DDTM/end', '', { qos: 1 });
    t.deepEqual((await application.messages(2)).slice(1), ['DDTM/end 1 ']);
  });
}

/** MediaTek Cloud Sandbox with the example of its rights: two devices, their application, a sensor behind MQTT-SN. */
async function sandbox(t: ExecutionContext) {
  const acl = readFileSync(join(import.meta.dirname, '..', '..', '..', 'etc', 'examples', 'mcs.acl'), 'utf8');
  const passwd = await passwordLines('DAbc', 'DXyz', 'DSen', 'mcs');
  const gateway = await startGateway(t, {
    isthmus: ['broker.allow_anonymous = false', 'broker.password_file = etc/passwd', 'broker.acl_file = etc/acl'],
    sn: ['mqtt.sn.auth.key3.username = DSen', `mqtt.sn.auth.key3.password = ${passwordOf('DSen')}`],
    files: { passwd, acl },
  });
  const as = (deviceId: string, deviceKey: string, more: object = {}): Promise<TestClient> => {
    const secure = { username: deviceId, password: passwordOf(deviceId), ca: gateway.ca };
    return TestClient.connect(gateway.mqtts, deviceKey, { ...secure, ...more });
  };
  return { gateway, as };
}

test('MediaTek Cloud Sandbox: data points up, commands and firmware down, over TLS', async (t) => {
  const { gateway, as } = await sandbox(t);
  const cloud = await as('mcs', 'cloud');
  await cloud.mqtt.subscribeAsync('mcs/+/+/+', { qos: 1 });
  const device = await as('DAbc', 'key1', { clean: false });
  await device.mqtt.subscribeAsync('mcs/DAbc/key1/+', { qos: 1 });
  const sensor = await SnClient.connect(gateway.snPort, 'key3');
  t.teardown(() => sensor.close());
  t.is(await sensor.subscribe('mcs/DSen/key3/+', 1), 1);

  await device.mqtt.publishAsync('mcs/DAbc/key1/temperature', '1459307476444,temperature,26.5', { qos: 0 });
  await device.mqtt.publishAsync('mcs/DAbc/key1/switch', ',switch,1', { qos: 1, retain: true });
  t.is(await sensor.publish('mcs/DSen/key3/humidity', '1459307476444,humidity,55', 1), 0);
  const points = [
    'mcs/DAbc/key1/temperature 0 1459307476444,temperature,26.5',
    'mcs/DAbc/key1/switch 1 ,switch,1',
    'mcs/DSen/key3/humidity 1 1459307476444,humidity,55',
  ];
  t.deepEqual(await cloud.messages(3), points);
  // The wildcard brings a device what it has said itself, as MQTT has it.
  t.deepEqual(await device.messages(2), points.slice(0, 2));
  t.deepEqual(await sensor.messages(1), points.slice(2));

  const notice = '1459307476444,FOTA,v1.2,5d41402abc4b2a76b9719d911017c592,https://mcs.example.com/fw';
  for (const topic of ['mcs/DAbc/key1/FOTA', 'mcs/DSen/key3/FOTA']) {
    await cloud.mqtt.publishAsync(topic, notice, { qos: 1 });
  }
  t.deepEqual((await device.messages(3)).slice(2), [`mcs/DAbc/key1/FOTA 1 ${notice}`]);
  t.deepEqual((await sensor.messages(2)).slice(1), [`mcs/DSen/key3/FOTA 1 ${notice}`]);

  // Away, it misses nothing of QoS 1; and the retained data point is there for who comes new.
  await device.mqtt.endAsync();
  await cloud.mqtt.publishAsync('mcs/DAbc/key1/switch_control', '1459307476500,switch_control,0', { qos: 1 });
  const back = await as('DAbc', 'key1', { clean: false });
  t.deepEqual(await back.messages(1), ['mcs/DAbc/key1/switch_control 1 1459307476500,switch_control,0']);
  const second = await as('mcs', 'another');
  await second.mqtt.subscribeAsync('mcs/DAbc/#', { qos: 0 });
  t.deepEqual(await second.messages(1), ['mcs/DAbc/key1/switch 0 retained ,switch,1']);
});

test('MediaTek Cloud Sandbox: a device reaches its own deviceId and deviceKey only', async (t) => {
  const { gateway, as } = await sandbox(t);
  const cloud = await as('mcs', 'cloud');
  await cloud.mqtt.subscribeAsync('mcs/#', { qos: 1 });
  const victim = await as('DAbc', 'key1');
  await victim.mqtt.subscribeAsync('mcs/DAbc/key1/+', { qos: 1 });
  const other = await as('DXyz', 'key2');
  await other.mqtt.subscribeAsync(['mcs/+/+/+', 'mcs/#', '#'], { qos: 1 }).catch(() => {});
  const sensor = await SnClient.connect(gateway.snPort, 'key3');
  t.teardown(() => sensor.close());
  t.not(await sensor.subscribe('mcs/DAbc/key1/+', 1), 1);
  for (const topic of ['mcs/DAbc/key1/switch', 'mcs/DXyz/key1/switch', 'mcs/DAbc/key2/switch', 'mcs/DXyz/key2/a/b']) {
    await other.mqtt.publishAsync(topic, 'forged', { qos: 1, retain: true });
    t.not(await sensor.publish(topic, 'forged', 1), 0);
  }
  await victim.mqtt.publishAsync('mcs/DAbc/key1/secret', 'x', { qos: 1 });
  await other.mqtt.publishAsync('mcs/DXyz/key2/own', 'x', { qos: 1 });
  await cloud.mqtt.publishAsync('mcs/DAbc/key1/end', 'x', { qos: 1 });
  await cloud.mqtt.publishAsync('mcs/DXyz/key2/end', 'x', { qos: 1 });
  t.deepEqual(await victim.messages(2), ['mcs/DAbc/key1/secret 1 x', 'mcs/DAbc/key1/end 1 x']);
  t.deepEqual(await other.messages(2), ['mcs/DXyz/key2/own 1 x', 'mcs/DXyz/key2/end 1 x']);
  t.is((await cloud.messages(4)).length, 4);
  t.notRegex(cloud.received.join(), /forged/);
});

test('a LwM2M device, an MQTT-SN sensor and an MQTT application side by side', async (t) => {
  const gateway = await startGateway(t);
  const application = await TestClient.connect(gateway.mqtt, 'application');
  await application.mqtt.subscribeAsync(['lwm2m/ep/up/resp', 'lwm2m/ep/response'], { qos: 1 });
  const device = await UdpDevice.at(gateway.coapPort);
  const sensor = await SnClient.connect(gateway.snPort, 'sensor');
  t.teardown(() => {
    device.close();
    sensor.close();
  });
  await device.register('ep');
  t.regex((await application.messages(1))[0] ?? '', /^lwm2m\/ep\/up\/resp 1 .*"msgType":"register"/);
  // The sensor is an application as any other: it may ask the device.
  t.is(await sensor.subscribe('lwm2m/ep/response', 1), 1);
  t.is(await sensor.publish('lwm2m/ep/command', '{"CmdID":1,"Command":"Read","BaseName":"/3/0/0"}', 1), 0);
  await device.answer(await device.receive(), { code: '2.05', contentFormat: 0, payload: 'Isthmus' }, 'piggybacked');
  const answer = 'lwm2m/ep/response 1 {"CmdID":1,"Command":"Read","Result":{"bn":"/3/0/0","e":[{"sv":"Isthmus"}]}}';
  t.is((await application.messages(2))[1], answer);
  t.deepEqual(await sensor.messages(1), [answer]);
});
