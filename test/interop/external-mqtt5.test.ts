import { setTimeout } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import mqtt, { type IPublishPacket, type MqttClient } from 'mqtt';
import { line, UdpDevice } from '../lwm2m/support/udp-device.js';
import { Mosquitto } from './mosquitto-broker.js';
import { SnUdp } from './sn-udp.js';
import { type Gateway, installed, Running, startGateway } from './support.js';

/** A gateway at this broker that has found it. */
async function gatewayAt(t: ExecutionContext, { mqttPort }: Mosquitto, ...lwm2m: string[]): Promise<Gateway> {
  const isthmus = ['broker.mode = external', `broker.url = mqtt://127.0.0.1:${mqttPort}`];
  const gateway = await startGateway(t, { isthmus, lwm2m });
  await gateway.waitFor(/connected to the broker/);
  return gateway;
}

/** An application that speaks MQTT 5, and what it has heard. */
async function application(t: ExecutionContext, { mqttPort }: Mosquitto, ...filters: string[]) {
  const client: MqttClient = await mqtt.connectAsync(`mqtt://127.0.0.1:${mqttPort}`, { protocolVersion: 5 });
  t.teardown(() => client.end(true));
  const heard: { topic: string; text: string; packet: IPublishPacket }[] = [];
  client.on('message', (topic, payload, packet) => heard.push({ topic, text: payload.toString(), packet }));
  await client.subscribeAsync(filters, { qos: 1 });
  const wait = async (pattern: RegExp, withinMs = 10_000): Promise<(typeof heard)[number]> => {
    for (const until = Date.now() + withinMs; Date.now() < until; await setTimeout(20)) {
      const at = heard.findIndex(({ topic, text }) => pattern.test(`${topic} ${text}`));
      if (at >= 0) return heard.splice(at, 1)[0] as (typeof heard)[number];
    }
    throw new Error(`nothing like ${pattern} in ${JSON.stringify(heard.map(({ topic, text }) => [topic, text]))}`);
  };
  return { client, heard, wait };
}

/** A LwM2M device whose link has subscribed to its commands. */
async function meterAt(t: ExecutionContext, gateway: Gateway, query?: string): Promise<UdpDevice> {
  const device = await UdpDevice.at(gateway.coapPort);
  t.teardown(() => device.close());
  await device.register('meter', '</1/0>,</3/0>', query);
  await setTimeout(500);
  return device;
}

const read = JSON.stringify({ reqID: 1, msgType: 'read', data: { path: '/3/0/0' } });
const value = { code: '2.05', contentFormat: 11542, payload: Buffer.from('c300454d51', 'hex') };

test('a message that has expired before its sleeper wakes is not delivered', async (t) => {
  if (!installed(t, 'mosquitto')) return;
  const broker = await Mosquitto.start(t);
  const gateway = await gatewayAt(t, broker);
  const { client } = await application(t, broker, 'nothing');
  const device = new SnUdp(t, gateway.snPort);
  t.is(await device.connect('sleeper', { clean: false }), 0);
  t.is(await device.subscribe('in', 1), 0);
  await device.ask({ type: 'DISCONNECT', durationSeconds: 60 }, 'DISCONNECT');
  await client.publishAsync('in', 'short', { qos: 1, properties: { messageExpiryInterval: 2 } });
  await client.publishAsync('in', 'long', { qos: 1, properties: { messageExpiryInterval: 60 } });
  await setTimeout(1000);
  // The time goes on over a crash.
  await gateway.kill();
  await gateway.start();
  await setTimeout(1500);
  device.send({ type: 'PINGREQ', clientId: 'sleeper' });
  t.is(await device.message(), 'long');
});

test('a command with a response topic is answered there, with its correlation data', async (t) => {
  if (!installed(t, 'mosquitto')) return;
  const broker = await Mosquitto.start(t);
  const gateway = await gatewayAt(t, broker);
  const { client, heard, wait } = await application(t, broker, 'answers/#', 'lwm2m/meter/up/resp');
  const device = await meterAt(t, gateway);
  heard.length = 0;
  const properties = { responseTopic: 'answers/me', correlationData: Buffer.from([0, 255, 1]) };
  await client.publishAsync('lwm2m/meter/dn/dm', read, { qos: 1, properties });
  const request = await device.receive();
  t.is(line(request), 'GET /3/0/0 accept 11542');
  await device.answer(request, value, 'piggybacked');
  const { packet, text } = await wait(/^answers\/me /);
  t.deepEqual(packet.properties?.correlationData, Buffer.from([0, 255, 1]));
  t.regex(text, /"value":"EMQ"/);
  await setTimeout(300);
  t.deepEqual(heard, []);

  // Where it would come back as a command it is not used.
  await client.publishAsync('lwm2m/meter/dn/dm', read, {
    qos: 1,
    properties: { ...properties, responseTopic: 'lwm2m/other/dn/dm' },
  });
  await device.answer(await device.receive(), value, 'piggybacked');
  t.regex((await wait(/^lwm2m\/meter\/up\/resp /)).text, /"value":"EMQ"/);
});

test("mosquitto_rr asks a device, and gets the device's answer", async (t) => {
  if (!installed(t, 'mosquitto', 'mosquitto_rr')) return;
  const broker = await Mosquitto.start(t);
  const gateway = await gatewayAt(t, broker);
  const device = await meterAt(t, gateway);
  const ask = new Running(t, 'mosquitto_rr', [
    ...`-h 127.0.0.1 -p ${broker.mqttPort} -V 5 -q 1 -W 10 -t lwm2m/meter/dn/dm -e answers/rr -m`.split(' '),
    read,
  ]);
  await device.answer(await device.receive(), value, 'separate');
  await ask.waitFor(/"value":"EMQ"/);
  t.regex(ask.output, /"codeMsg":"content"/);
});

test('a command for a sleeper is given up when its message expires', async (t) => {
  if (!installed(t, 'mosquitto')) return;
  const broker = await Mosquitto.start(t);
  const gateway = await gatewayAt(t, broker, 'lwm2m.qmode_time_window = 1s');
  const { client, wait } = await application(t, broker, 'answers/#', 'lwm2m/meter/status');
  await meterAt(t, gateway, 'lt=3600&lwm2m=1.0&b=UQ');
  await wait(/status .*asleep/);
  const properties = { responseTopic: 'answers/me', messageExpiryInterval: 2 };
  await client.publishAsync('lwm2m/meter/dn/dm', read, { qos: 1, properties });
  t.regex((await wait(/^answers\/me /)).text, /"codeMsg":"expired"/);
});

test('a gateway tells below its own topic how it is, and that it has gone', async (t) => {
  if (!installed(t, 'mosquitto')) return;
  const broker = await Mosquitto.start(t);
  const { wait } = await application(t, broker, 'gateways/#');
  const gateway = await startGateway(t, {
    isthmus: [
      'broker.mode = external',
      `broker.url = mqtt://127.0.0.1:${broker.mqttPort}`,
      'broker.stats_topic = gateways/one',
      'broker.sys_interval = 1s',
    ],
  });
  await wait(/^gateways\/one\/state online$/);
  const device = new SnUdp(t, gateway.snPort);
  t.is(await device.connect('sensor'), 0);
  await wait(/^gateways\/one\/mqttsn\/sessions\/active 1$/);
  // The gateway's own link is one of two.
  await wait(/^gateways\/one\/broker\/connected 2$/);
  await wait(/^gateways\/one\/broker\/connects 2$/);
  for (const end of [() => gateway.kill(), () => gateway.stop()]) {
    await end();
    await wait(/^gateways\/one\/state offline$/);
    await gateway.start();
    t.truthy(await wait(/^gateways\/one\/state online$/));
  }
});
