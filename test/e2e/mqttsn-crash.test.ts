import { setTimeout } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { GatewayProcess } from '../support/gateway-process.js';
import { udpSnDevice } from '../support/udp-sn-device.js';
import { drained, faults, tally } from './accounts.js';
import { mqttSink, mqttSource, type Sink, type Source, snSink, snSleeper, snSource } from './traffic.js';

/** How often the gateway is killed: few in `npm test`, `ISTHMUS_CRASHES=50` for a long run. */
const crashes = Number(process.env.ISTHMUS_CRASHES ?? 5);
const longestLifeMs = 500;

const settings = {
  sn: [
    'mqtt.sn.retry_interval = 300ms',
    'mqtt.sn.retry_count = 100',
    'mqtt.sn.max_inflight = 4',
    'mqtt.sn.sleep_queue_limit = 60000',
  ],
};

test.serial(
  `killed ${crashes} times under load: nothing acknowledged is lost, no QoS 2 message comes twice`,
  async (t) => {
    t.timeout(60_000 + crashes * 10_000);
    const gateway = await GatewayProcess.start(t, settings);
    const sinks: Sink[] = await Promise.all([
      snSink(t, gateway, 'sn-sink-1', 1),
      snSink(t, gateway, 'sn-sink-2', 2),
      snSleeper(t, gateway, 'sn-sleeper-1', 1, false),
      snSleeper(t, gateway, 'sn-sleeper-2', 2, false),
      snSleeper(t, gateway, 'sn-sleeper-clean-2', 2, true),
      mqttSink(t, gateway, 'mqtt-sink-1', 1),
      mqttSink(t, gateway, 'mqtt-sink-2', 2),
    ]);
    const wills = await snSink(t, gateway, 'heir', 2, 'wills/+');
    const sources: Source[] = await Promise.all([
      snSource(t, gateway, 'sn-source-1', 1, false),
      snSource(t, gateway, 'sn-source-clean-1', 1, true),
      snSource(t, gateway, 'sn-source-2', 2, false),
      snSource(t, gateway, 'sn-source-clean-2', 2, true),
      mqttSource(t, gateway, 'mqtt-source-1', 1),
      mqttSource(t, gateway, 'mqtt-source-2', 2),
    ]);
    const mortals: Promise<string>[] = [];
    const startMs: number[] = [];
    for (let crash = 0; crash < crashes; crash++) {
      const life = setTimeout(Math.random() * longestLifeMs);
      mortals.push(mortal(t, gateway, crash));
      await life;
      await gateway.kill();
      startMs.push(await gateway.start());
    }
    const dead = await Promise.all(mortals);
    await Promise.all(sources.map((source) => source.stop()));
    await drained(sources, sinks);
    await inherited(dead, wills);
    await Promise.all([...sinks, wills].map((sink) => sink.stop()));

    t.deepEqual(faults(sources, sinks, wills), []);
    t.deepEqual([...wills.delivered].sort(), dead.sort(), 'wills');
    t.log(`${crashes} crashes, ${tally(sources, sinks)}, ${dead.length} wills`);
    t.log(`ready again after ${Math.max(...startMs).toFixed(0)} ms at the most`);
  },
);

/** A device that connects with a will, perhaps goes to sleep, and is never heard of again; gives the will. */
async function mortal(t: ExecutionContext, { snPort }: GatewayProcess, number: number): Promise<string> {
  const device = await udpSnDevice(t, snPort);
  const [name, will] = [`mortal-${number}`, `will ${number}`];
  await device.connectWithWill(name, `wills/${number}`, will, { cleanSession: true, durationSeconds: 1 });
  if (number % 2 === 1) await device.sleep(1);
  return will;
}

/** Waits until every will is published, or none can be hoped for. */
async function inherited(dead: readonly string[], { delivered }: Sink): Promise<void> {
  for (let waited = 0; waited < 5000 && delivered.length < dead.length; waited += 50) await setTimeout(50);
}
