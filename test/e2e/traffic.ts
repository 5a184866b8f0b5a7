import { setTimeout } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import mqtt from 'mqtt';
import type { SnDevice } from '../support/sn-device.js';
import { udpSnDevice } from '../support/udp-sn-device.js';

/** Where MQTT-SN devices come in. */
interface SnDoor {
  readonly snPort: number;
}

/** Where MQTT clients come in. */
interface MqttDoor {
  readonly mqttPort: number;
}

/** Publishes numbered messages, one after the other, and notes which have been acknowledged. */
export interface Source {
  readonly name: string;
  readonly qos: 1 | 2;
  readonly acknowledged: string[];
  /** What went otherwise than it should between this client and the gateway. */
  readonly complaints: readonly string[];
  /** Begins no further message; resolves when the last one is acknowledged. */
  stop(): Promise<void>;
}

/** Is to receive what the sources publish. */
export interface Sink {
  readonly name: string;
  readonly qos: 1 | 2;
  readonly delivered: readonly string[];
  readonly complaints: readonly string[];
  stop(): Promise<void>;
}

/** All sources publish below it, each to a topic of its own. */
const topicOf = (name: string): string => `load/${name}`;
const everything = 'load/+';
const sleepSeconds = 600;

function begin(name: string, qos: 1 | 2, complaints: readonly string[], publish: (payload: string) => Promise<void>) {
  const acknowledged: string[] = [];
  let going = true;
  const run = async (): Promise<void> => {
    for (let n = 0; going; n++) {
      const payload = `${name} ${n}`;
      await publish(payload);
      acknowledged.push(payload);
      await setTimeout(Math.random() * 4);
    }
  };
  const running = run();
  return {
    name,
    qos,
    acknowledged,
    complaints,
    stop: () => {
      going = false;
      return running;
    },
  } satisfies Source;
}

/** An active MQTT-SN device that publishes. Its message ids come round soon, as those of small devices do. */
export async function snSource(
  t: ExecutionContext,
  { snPort }: SnDoor,
  name: string,
  qos: 1 | 2,
  cleanSession: boolean,
): Promise<Source> {
  const device = await udpSnDevice(t, snPort, { lastMsgId: 7 });
  await device.connect(name, { cleanSession });
  const topicId = await device.register(topicOf(name));
  return begin(name, qos, device.complaints, (payload) => device.publish(topicId, qos, payload));
}

/** An active MQTT-SN device that receives, and pings now and then. */
export async function snSink(
  t: ExecutionContext,
  { snPort }: SnDoor,
  name: string,
  qos: 1 | 2,
  filter = everything,
): Promise<Sink> {
  const device = await udpSnDevice(t, snPort);
  await device.connect(name);
  await device.subscribe(filter, qos);
  return repeat(device, name, qos, async () => {
    await device.ping();
    await setTimeout(Math.random() * 300);
  });
}

/** A sleeping MQTT-SN device that wakes up now and then. */
export async function snSleeper(
  t: ExecutionContext,
  { snPort }: SnDoor,
  name: string,
  qos: 1 | 2,
  cleanSession: boolean,
): Promise<Sink> {
  const device = await udpSnDevice(t, snPort);
  await device.connect(name, { cleanSession });
  await device.subscribe(everything, qos);
  await device.sleep(sleepSeconds);
  return repeat(device, name, qos, async () => {
    await device.wake(name);
    // Most sleepers only ping; some say every time how long they sleep.
    if (Math.random() < 0.3) await device.sleep(sleepSeconds);
    await setTimeout(Math.random() * 300);
  });
}

function repeat(device: SnDevice, name: string, qos: 1 | 2, once: () => Promise<void>): Sink {
  let going = true;
  const run = async (): Promise<void> => {
    while (going) await once();
  };
  const running = run();
  const { delivered, complaints } = device;
  return {
    name,
    qos,
    delivered,
    complaints,
    stop: () => {
      going = false;
      return running;
    },
  };
}

/** An MQTT application with a lasting session, on a connection that comes back by itself. */
function application(t: ExecutionContext, { mqttPort }: MqttDoor, clientId: string) {
  const client = mqtt.connect(`mqtt://127.0.0.1:${mqttPort}`, { clientId, clean: false, reconnectPeriod: 50 });
  t.teardown(() => client.end(true));
  client.on('error', () => {});
  return client;
}

/** An MQTT application that publishes. */
export async function mqttSource(t: ExecutionContext, door: MqttDoor, name: string, qos: 1 | 2): Promise<Source> {
  const client = application(t, door, name);
  return begin(name, qos, [], async (payload) => {
    await client.publishAsync(topicOf(name), payload, { qos });
  });
}

/** An MQTT application that receives. */
export async function mqttSink(
  t: ExecutionContext,
  door: MqttDoor,
  name: string,
  qos: 1 | 2,
  filter = everything,
): Promise<Sink> {
  const client = application(t, door, name);
  const delivered: string[] = [];
  const complaints: string[] = [];
  client.on('message', (_topic, payload) => delivered.push(payload.toString()));
  await client.subscribeAsync(filter, { qos });
  client.on('connect', ({ sessionPresent }) => {
    if (!sessionPresent) complaints.push('session lost');
  });
  return { name, qos, delivered, complaints, stop: async () => {} };
}
