import test from 'ava';
import { installed, listen, Running, run, startGateway } from './support.js';

// The samples end with 0 whatever happened, so tests look at the other side.
const to = (port: number): string[] => ['127.0.0.1', `${port}`];

for (const [sample, qos] of [
  ['qos0pub', '0'],
  ['qos1pub', '1'],
] as const) {
  test(`Paho's ${sample}: a short topic`, async (t) => {
    if (!installed(t, sample, 'mosquitto_sub')) return;
    const gateway = await startGateway(t);
    const subscriber = await listen(t, gateway, 'tt');
    const { output } = await run(t, sample, to(gateway.snPort));
    await subscriber.waitFor(new RegExp(`^got tt ${qos} 0 mypayload`, 'm'));
    if (qos === '1') t.regex(output, /puback received, id \d+/);
    t.pass();
  });
}

test("Paho's qos0pub_register: a topic registered first", async (t) => {
  if (!installed(t, 'qos0pub_register', 'mosquitto_sub')) return;
  const gateway = await startGateway(t);
  const subscriber = await listen(t, gateway, 'iot-2/#');
  const device = new Running(t, 'qos0pub_register', to(gateway.snPort));
  await subscriber.waitFor(/^got iot-2\/evt\/status\/fmt\/json 0 0 .+/m);
  await device.stop();
  t.pass();
});

test("Paho's pub0sub1: subscribes with QoS 2, publishes to itself with QoS 1", async (t) => {
  if (!installed(t, 'pub0sub1', 'mosquitto_sub')) return;
  const gateway = await startGateway(t);
  const subscriber = await listen(t, gateway, 'a long topic name');
  const { output } = await run(t, 'pub0sub1', to(gateway.snPort));
  await subscriber.waitFor('got a long topic name 1 0 mypayload\n');
  t.regex(output, /suback topic id \d+/);
  // It stops when its own message comes before the PUBACK, which the specification allows.
  t.log(/publish received, id \d+ qos 1/.test(output) ? 'PUBACK came first' : 'its own message came first');
});

test("Paho's qos-1pub: a short topic without a connection", async (t) => {
  if (!installed(t, 'qos-1pub', 'mosquitto_sub')) return;
  const gateway = await startGateway(t, { sn: ['mqtt.sn.enable_qos3 = on'] });
  const subscriber = await listen(t, gateway, 'tt');
  await run(t, 'qos-1pub', to(gateway.snPort));
  await subscriber.waitFor(/^got tt \d 0 mypayload/m);
  t.pass();
});
