import { setTimeout } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { GatewayProcess } from '../support/gateway-process.js';
import { udpSnDevice } from '../support/udp-sn-device.js';
import { drained, faults, tally } from './accounts.js';
import { mqttSink, mqttSource, type Sink, type Source, snSink, snSleeper, snSource } from './traffic.js';

/** How often the gateway is killed: few in `npm test`, `ISTHMUS_CRASHES=50` for a long run. */
export const crashes = Number(process.env['ISTHMUS_CRASHES'] ?? 3);
const longestLifeMs = 800;

/** A broker elsewhere, and what is asked of it. */
export interface Elsewhere {
  readonly mqttPort: number;
  readonly mqttVersion: '5' | '3.1.1';
  /** Whether what waited for a client that comes back goes before what is published meanwhile [MQTT-4.6.0-6]. */
  readonly keepsOrder: boolean;
}

/**
 * A gateway is killed again and again while devices and applications publish to each other through a broker elsewhere.
 * Nothing acknowledged is lost, no QoS 2 message comes twice. Of devices with clean sessions MQTT 3.1.1 promises less:
 * their session at the broker ends with their connection.
 */
export async function killUnderLoad(t: ExecutionContext, broker: Elsewhere): Promise<void> {
  t.timeout(90_000 + crashes * 30_000);
  const keepsClean = broker.mqttVersion === '5';
  const gateway = await GatewayProcess.start(t, {
    isthmus: [
      'broker.mode = external',
      `broker.url = mqtt://127.0.0.1:${broker.mqttPort}`,
      `broker.mqtt_version = ${broker.mqttVersion}`,
    ],
    sn: [
      'mqtt.sn.retry_interval = 300ms',
      'mqtt.sn.retry_count = 100',
      'mqtt.sn.max_inflight = 4',
      'mqtt.sn.sleep_queue_limit = 200',
    ],
  });
  await gateway.waitFor(/connected to the broker/);
  const sinks: Sink[] = await Promise.all([
    snSink(t, gateway, 'sn-sink-1', 1),
    snSink(t, gateway, 'sn-sink-2', 2),
    snSleeper(t, gateway, 'sn-sleeper-1', 1, false),
    snSleeper(t, gateway, 'sn-sleeper-2', 2, false),
    ...(keepsClean ? [snSleeper(t, gateway, 'sn-sleeper-clean-2', 2, true)] : []),
    mqttSink(t, broker, 'mqtt-sink-1', 1),
    mqttSink(t, broker, 'mqtt-sink-2', 2),
  ]);
  const wills = await mqttSink(t, broker, 'heir', 2, 'wills/+');
  const sources: Source[] = await Promise.all([
    snSource(t, gateway, 'sn-source-1', 1, false),
    snSource(t, gateway, 'sn-source-clean-1', 1, true),
    snSource(t, gateway, 'sn-source-2', 2, false),
    ...(keepsClean ? [snSource(t, gateway, 'sn-source-clean-2', 2, true)] : []),
    mqttSource(t, broker, 'mqtt-source-1', 1),
    mqttSource(t, broker, 'mqtt-source-2', 2),
  ]);
  const mortals: Promise<string>[] = [];
  for (let crash = 0; crash < crashes; crash++) {
    // Every other time before the connections to the broker are there again.
    if (crash % 2 === 0) await gateway.waitFor(/connected to the broker/);
    const life = setTimeout(Math.random() * longestLifeMs);
    mortals.push(mortal(t, gateway, crash));
    await life;
    await gateway.kill();
    gateway.forget();
    await gateway.start();
  }
  const dead = await Promise.all(mortals);
  await Promise.all(sources.map((source) => source.stop()));
  await drained(sources, sinks);
  await inherited(dead, wills);
  await Promise.all([...sinks, wills].map((sink) => sink.stop()));

  t.log(`${crashes} crashes, ${tally(sources, sinks)}, ${dead.length} wills`);
  t.deepEqual(faults(sources, sinks, wills, broker.keepsOrder).slice(0, 40), []);
  // At least once: the broker publishes it when the gateway dies, and again when the device is lost to the next one.
  t.deepEqual([...new Set(wills.delivered)].sort(), dead.sort(), 'wills');
  t.true(sources.every(({ acknowledged }) => acknowledged.length > 0));
}

/** A device that connects with a will and is never heard of again; gives the will. */
async function mortal(t: ExecutionContext, { snPort }: GatewayProcess, number: number): Promise<string> {
  const device = await udpSnDevice(t, snPort);
  const [name, will] = [`mortal-${number}`, `will ${number}`];
  await device.connectWithWill(name, `wills/${number}`, will, { cleanSession: true, durationSeconds: 1 });
  return will;
}

/** Waits until every will is published, or none can be hoped for. */
async function inherited(dead: readonly string[], { delivered }: Sink): Promise<void> {
  for (let waited = 0; waited < 5000 && new Set(delivered).size < dead.length; waited += 50) await setTimeout(50);
}
