import { setTimeout } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { UdpDevice } from '../lwm2m/support/udp-device.js';
import { Mosquitto } from './mosquitto-broker.js';
import { type Gateway, installed, listen, startGateway } from './support.js';

async function connected(t: ExecutionContext, { mqttPort }: Mosquitto, version: string): Promise<Gateway> {
  const gateway = await startGateway(t, {
    isthmus: [
      'broker.mode = external',
      `broker.url = mqtt://127.0.0.1:${mqttPort}`,
      `broker.mqtt_version = ${version}`,
    ],
    lwm2m: ['lwm2m.qmode_time_window = 1s'],
  });
  await gateway.waitFor(/connected to the broker/);
  return gateway;
}

async function register(t: ExecutionContext, gateway: Gateway, endpoint: string, binding = 'U'): Promise<void> {
  const device = await UdpDevice.at(gateway.coapPort);
  t.teardown(() => device.close());
  await device.register(endpoint, '</1/0>,</3/0>', `lt=3600&lwm2m=1.0&b=${binding}`);
}

for (const version of ['5', '3.1.1']) {
  /** What somebody who asks now is told about an endpoint. */
  const kept = async (t: ExecutionContext, broker: Mosquitto, endpoint: string): Promise<string> => {
    const heard = await listen(t, broker, `lwm2m/${endpoint}/status`);
    await heard.waitFor(/"status"/);
    return /"status":"(\w+)"/.exec(heard.output)?.[1] ?? '';
  };

  test(`MQTT ${version}: devices are offline when their gateway is killed or stopped, and back when it is`, async (t) => {
    if (!installed(t, 'mosquitto', 'mosquitto_sub')) return;
    const broker = await Mosquitto.start(t);
    const gateway = await connected(t, broker, version);
    await register(t, gateway, 'meter');
    await register(t, gateway, 'sleeper', 'UQ');
    await setTimeout(1500);
    t.deepEqual([await kept(t, broker, 'meter'), await kept(t, broker, 'sleeper')], ['online', 'asleep']);
    for (const end of [() => gateway.kill(), () => gateway.stop()]) {
      await end();
      await setTimeout(300);
      t.deepEqual([await kept(t, broker, 'meter'), await kept(t, broker, 'sleeper')], ['offline', 'offline']);
      await gateway.start();
      await setTimeout(2000);
      t.deepEqual([await kept(t, broker, 'meter'), await kept(t, broker, 'sleeper')], ['online', 'asleep']);
    }
    // The broker takes the connections for lost, publishes the wills, and keeps what it has over its restart.
    await broker.stop();
    await broker.start();
    await gateway.waitFor(/the broker is lost/);
    await setTimeout(3000);
    t.deepEqual([await kept(t, broker, 'meter'), await kept(t, broker, 'sleeper')], ['online', 'asleep']);
  });

  test(`MQTT ${version}: a device that goes to another gateway is not left offline`, async (t) => {
    if (!installed(t, 'mosquitto', 'mosquitto_sub')) return;
    const broker = await Mosquitto.start(t);
    const [one, two] = [await connected(t, broker, version), await connected(t, broker, version)];
    for (const gateway of [one, two, one, two]) {
      await register(t, gateway, 'meter');
      await setTimeout(2500);
      t.is(await kept(t, broker, 'meter'), 'online');
    }
    // Whoever had it before says nothing about it any more.
    await one.kill();
    await setTimeout(300);
    t.is(await kept(t, broker, 'meter'), 'online');
  });
}
