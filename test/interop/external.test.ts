import test, { type ExecutionContext } from 'ava';
import { line, UdpDevice } from '../lwm2m/support/udp-device.js';
import { Mosquitto } from './mosquitto-broker.js';
import { SnUdp } from './sn-udp.js';
import { type Gateway, installed, listen, publish, startGateway } from './support.js';

const tools = ['mosquitto', 'mosquitto_pub', 'mosquitto_sub'];
const congestion = 1;

/** A gateway of this broker, with these settings beside. */
const at = (t: ExecutionContext, { mqttPort }: Mosquitto, ...isthmus: string[]): Promise<Gateway> =>
  startGateway(t, {
    isthmus: ['broker.mode = external', `broker.url = mqtt://127.0.0.1:${mqttPort}`, ...isthmus],
    sn: ['mqtt.sn.enable_qos3 = on'],
  });

/** The same, once it has found its broker. */
async function connected(t: ExecutionContext, broker: Mosquitto, ...isthmus: string[]): Promise<Gateway> {
  const gateway = await at(t, broker, ...isthmus);
  await gateway.waitFor(/connected to the broker/);
  return gateway;
}

for (const version of ['5', '3.1.1']) {
  const speaks = `broker.mqtt_version = ${version}`;

  test(`MQTT ${version}: a device goes from one gateway to the other and takes its session with it`, async (t) => {
    if (!installed(t, ...tools)) return;
    const broker = await Mosquitto.start(t);
    const [one, two] = [await connected(t, broker, speaks), await connected(t, broker, speaks)];
    const device = new SnUdp(t, one.snPort);
    t.is(await device.connect('sensor', { clean: false }), 0);
    t.is(await device.subscribe('for/sensor', 1), 0);
    await publish(t, broker, 'for/sensor', 'first', '-q', '1');
    t.is(await device.message(), 'first');

    device.moveTo(two.snPort);
    t.is(await device.connect('sensor', { clean: false }), 0);
    await one.waitFor(/MQTT-SN client lost/);
    await publish(t, broker, 'for/sensor', 'second', '-q', '1');
    t.is(await device.message(), 'second');

    // It leaves; what comes meanwhile waits in the broker, and is there at the other gateway.
    await device.ask({ type: 'DISCONNECT' }, 'DISCONNECT');
    await publish(t, broker, 'for/sensor', 'third', '-q', '1');
    device.moveTo(one.snPort);
    t.is(await device.connect('sensor', { clean: false }), 0);
    t.is(await device.message(), 'third');
    await new Promise((resolve) => setTimeout(resolve, 3000));
    t.is((await device.ask({ type: 'PINGREQ' }, 'PINGRESP')).type, 'PINGRESP');
  });

  test(`MQTT ${version}: a LwM2M command reaches the gateway that has the device`, async (t) => {
    if (!installed(t, ...tools)) return;
    const broker = await Mosquitto.start(t);
    const [one, two] = [await connected(t, broker, speaks), await connected(t, broker, speaks)];
    const heard = await listen(t, broker, 'lwm2m/meter/response', 'lwm2m/meter/status');
    for (const [id, gateway] of [one, two, one].entries()) {
      const device = await UdpDevice.at(gateway.coapPort);
      t.teardown(() => device.close());
      await device.register('meter');
      await heard.waitFor(/status . . .*online/);
      const command = { CmdID: id, Command: 'Read', BaseName: '/3/0/0' };
      // Until the device's link has subscribed the broker has nobody to give it to.
      await new Promise((resolve) => setTimeout(resolve, 300));
      await publish(t, broker, 'lwm2m/meter/command', JSON.stringify(command), '-q', '1');
      const request = await device.receive();
      t.is(line(request), 'GET /3/0/0 accept 11542');
      const payload = Buffer.from('c300454d51', 'hex');
      await device.answer(request, { code: '2.05', contentFormat: 11542, payload }, 'piggybacked');
      await heard.waitFor(`"CmdID":${id}`);
      await new Promise((resolve) => setTimeout(resolve, 2000));
      t.is(heard.output.split('got lwm2m/meter/response').length - 1, 1, 'one answer');
      // The connection before is taken over, and leaves its will; the last word is the new one's.
      t.is([...heard.output.matchAll(/"status":"(\w+)"/g)].at(-1)?.[1] ?? 'online', 'online');
      heard.clear();
    }
  });

  test(`MQTT ${version}: a will goes out once, for a lost device and for all when their gateway is killed`, async (t) => {
    if (!installed(t, ...tools)) return;
    const broker = await Mosquitto.start(t);
    const gateway = await connected(t, broker, speaks);
    const heard = await listen(t, broker, 'will/#');
    const [silent, leaving, alive] = [0, 1, 2].map(() => new SnUdp(t, gateway.snPort));
    t.is(await silent?.connect('silent', { will: 'will/silent', keepAlive: 1 }), 0);
    t.is(await leaving?.connect('leaving', { will: 'will/leaving' }), 0);
    t.is(await alive?.connect('alive', { clean: false, will: 'will/alive' }), 0);
    await leaving?.ask({ type: 'DISCONNECT' }, 'DISCONNECT');
    await heard.waitFor('got will/silent 1 0 gone\n');
    await new Promise((resolve) => setTimeout(resolve, 500));
    t.is(heard.output.split('got ').length - 1, 1);
    await gateway.kill();
    await heard.waitFor('got will/alive 1 0 gone\n');
    await new Promise((resolve) => setTimeout(resolve, 500));
    t.is(heard.output.split('got ').length - 1, 2);

    // The device has noticed nothing, and goes on with the gateway when it is back.
    await gateway.start();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    t.is((await alive?.ask({ type: 'PINGREQ' }, 'PINGRESP'))?.type, 'PINGRESP');
    const topicId = (await alive?.register('up/alive')) ?? 0;
    const packet = { type: 'PUBLISH', dup: false, qos: 1, retain: false, topicIdType: 'normal', topicId } as const;
    const answer = await alive?.ask({ ...packet, msgId: 7, payload: Buffer.from('x') }, 'PUBACK');
    t.is(answer?.returnCode, 0);
  });
}

test('the broker is restarted while devices publish, and nothing acknowledged is lost', async (t) => {
  if (!installed(t, ...tools)) return;
  const broker = await Mosquitto.start(t);
  const gateway = await connected(t, broker);
  const heard = await listen(t, broker, 'n/#');
  const acknowledged: string[] = [];
  let refused = 0;
  const stopAt = Date.now() + 9000;
  const devices = Array.from({ length: 5 }, async (_, index) => {
    const device = new SnUdp(t, gateway.snPort);
    await device.connect(`d${index}`, { clean: index % 2 === 0 });
    const topicId = await device.register(`n/${index}`);
    for (let n = 1; Date.now() < stopAt; n++) {
      const packet = { type: 'PUBLISH', dup: false, qos: 1, retain: false, topicIdType: 'normal', topicId } as const;
      device.send({ ...packet, msgId: n, payload: Buffer.from(`${index}-${n}`) });
      const answer = await device.receive('PUBACK', 100);
      if (answer === undefined) continue;
      // Perhaps to one before: what was on its way when the broker went is acknowledged when it is back.
      if (answer.returnCode === 0) acknowledged.push(`n/${index} 1 0 ${index}-${answer.msgId}\n`);
      else {
        t.is(answer.returnCode, congestion);
        refused++;
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await broker.stop();
    await new Promise((resolve) => setTimeout(resolve, 300));
    await broker.start();
    await heard.waitFor(new RegExp(`(?:Subscribed[^]*){${i + 2}}`));
  }
  await Promise.all(devices);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  t.log(`${acknowledged.length} acknowledged, ${refused} told congestion`);
  t.true(acknowledged.length > 100);
  t.true(refused > 0);
  t.deepEqual(
    acknowledged.filter((text) => !heard.output.includes(`got ${text}`)),
    [],
  );
});

test('a gateway whose broker is not there starts, says so, and tells devices to come later', async (t) => {
  if (!installed(t, ...tools)) return;
  const broker = await Mosquitto.make(t);
  const gateway = await at(t, broker);
  await gateway.waitFor(/the broker cannot be reached/);
  const device = new SnUdp(t, gateway.snPort);
  t.is(await device.connect('early'), congestion);
  const meter = await UdpDevice.at(gateway.coapPort);
  t.teardown(() => meter.close());
  t.is((await meter.ask('POST', '/rd?ep=meter&lt=300&lwm2m=1.0&b=U', '</1/0>')).code, '5.03');
  await broker.start();
  await gateway.waitFor(/connected to the broker/);
  t.is(await device.connect('early'), 0);
  await meter.register('meter');
});
