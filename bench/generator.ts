// The load generator: a process of its own, told by its parent what to do, so that the gateway has a core to itself.
import { setTimeout as sleep } from 'node:timers/promises';
import { coap } from './load/coap.js';
import { echo } from './load/echo.js';
import type { Load, Prepare } from './load/load.js';
import { registeredDevices } from './load/lwm2m-memory.js';
import { lwm2mNotify } from './load/lwm2m-notify.js';
import { lwm2mRead } from './load/lwm2m-read.js';
import { lwm2mRegister, lwm2mUpdate } from './load/lwm2m-register.js';
import { mqtt, mqttFan, mqttOffline } from './load/mqtt.js';
import { sleepers } from './load/sessions.js';
import { snDown } from './load/sn-down.js';
import { snUp } from './load/sn-up.js';
import type { Counted, FromGenerator, Job, ScenarioName } from './protocol.js';
import { Tally } from './tally.js';

const unstallEveryMs = 250;
const drainMs = 2000;
const settleMs = 3000;

/** What is not a rate, and has a way of its own. */
type Standing = 'sessions' | 'lwm2m-memory' | 'crowd';

const loads: Record<Exclude<ScenarioName, Standing>, Prepare> = {
  'udp-echo': echo,
  'sn-up-qos0': snUp(0),
  'sn-up-qos1': snUp(1),
  'sn-down-qos0': snDown(0),
  'sn-down-qos1': snDown(1),
  'mqtt-qos0': mqtt({ qos: 0 }),
  'mqtt-qos1': mqtt({ qos: 1 }),
  'mqtt-qos2': mqtt({ qos: 2 }),
  'mqtt-fan': mqttFan,
  'kept-mqtt': mqtt({ qos: 1, kept: true }),
  'kept-offline': mqttOffline,
  'kept-sn-up': snUp(1, true),
  'kept-sn-down': snDown(1, 'session'),
  'kept-sn-asleep': snDown(1, 'asleep'),
  coap,
  'lwm2m-read': lwm2mRead,
  'lwm2m-notify': lwm2mNotify,
  'lwm2m-register': lwm2mRegister,
  'lwm2m-update': lwm2mUpdate,
};

const tell = (message: FromGenerator): void => void process.send?.(message);

process.once('message', (job: Job) => {
  run(job).then(
    (counted) => finish({ kind: 'counted', counted }),
    (error: unknown) => finish({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }),
  );
});

function finish(message: FromGenerator): void {
  process.send?.(message, () => process.exit());
}

async function run(job: Job): Promise<Counted> {
  const tally = new Tally();
  if (job.scenario === 'sessions' || job.scenario === 'lwm2m-memory') {
    tally.reset();
    const standing = job.scenario === 'sessions' ? sleepers : registeredDevices;
    tally.completed = await standing(job, async (name) => {
      await sleep(name === 'idle' ? job.idleMs : settleMs);
      const seen = new Promise((resolve) => process.once('message', resolve));
      tell({ kind: 'phase', phase: name });
      await seen;
    });
    return tally.counted();
  }
  if (job.scenario === 'crowd') throw new Error('a crowd has its own generators');
  return drive(job, await loads[job.scenario](job, tally), tally);
}

async function drive(job: Job, load: Load, tally: Tally): Promise<Counted> {
  const unstall = setInterval(() => {
    for (const lane of load.lanes) lane.unstall();
  }, unstallEveryMs);
  for (const lane of load.lanes) lane.start();
  await sleep(job.warmupMs);
  tally.reset();
  tell({ kind: 'phase', phase: 'start' });
  await sleep(job.measureMs);
  const counted = tally.counted();
  tell({ kind: 'phase', phase: 'end' });
  for (const lane of load.lanes) lane.stop();
  const until = Date.now() + drainMs;
  while (load.lanes.some((lane) => lane.open > 0) && Date.now() < until) await sleep(20);
  for (const lane of load.lanes) lane.giveUp();
  clearInterval(unstall);
  await load.close();
  return { ...counted, lost: tally.lost, duplicates: tally.duplicates };
}
