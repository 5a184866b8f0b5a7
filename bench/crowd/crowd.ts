import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuMs, residentKiB } from '../processes.js';
import type { StartedGateway } from '../servers.js';
import type { Half, Order, Report } from './protocol.js';

const everyMs = 10_000;
const talkMs = 3 * everyMs;
const settleMs = 3000;
const atOnce = 200;

/** What a crowd came to; memory in KiB. */
export interface CrowdResult {
  readonly target: string;
  readonly count: number;
  readonly connected: Readonly<Record<Half, Report>>;
  readonly memory: Readonly<Record<'before' | 'mqtt' | 'both' | 'talked', number>>;
  /** CPU time of the gateway for each client that connected, and for one of each that came back, ms. */
  readonly cpu: Readonly<Record<'mqtt' | 'sn' | 'storm', number>>;
  readonly talk: Readonly<Record<Half, Report>>;
  /** Share of a core while they talk. */
  readonly gatewayLoad: number;
  /** From the restart's end. */
  readonly storm: Readonly<Record<Half, Report>> | string;
}

/** `count` MQTT and as many MQTT-SN clients at once: they connect, talk, and come back all together after a kill -9. */
export async function runCrowd(
  gateway: StartedGateway,
  count: number,
  payload: number,
  say: (text: string) => void,
): Promise<CrowdResult> {
  const { target } = gateway;
  const mqtt = fork(join(import.meta.dirname, 'generator.js'));
  const sn = fork(join(import.meta.dirname, 'generator.js'));
  const both = async (order: Order): Promise<Record<Half, Report>> => {
    const [one, other] = await Promise.all([told(mqtt, order), told(sn, order)]);
    return { mqtt: one, sn: other };
  };
  const memory = async (): Promise<number> => {
    await sleep(settleMs);
    return residentKiB(gateway.target.pids) ?? Number.NaN;
  };
  try {
    const used = (): number => cpuMs(gateway.target.pids) ?? Number.NaN;
    const before = await memory();
    const start = used();
    say(`${count} MQTT clients connect`);
    const first = await told(mqtt, { kind: 'connect', half: 'mqtt', target, count, atOnce });
    const afterMqtt = await memory();
    const mqttUsed = used();
    say(`${count} MQTT-SN clients connect`);
    const second = await told(sn, { kind: 'connect', half: 'sn', target, count, atOnce });
    const afterBoth = await memory();
    say('they talk');
    const cpu = used();
    const began = performance.now();
    const talk = await both({ kind: 'talk', everyMs, ms: talkMs, payload });
    const gatewayLoad = (used() - cpu) / (performance.now() - began);
    const talked = residentKiB(gateway.target.pids) ?? Number.NaN;
    say('they come back after a restart');
    await gateway.restart();
    const restarted = used();
    const storm = await both({ kind: 'storm' }).catch((error: Error) => error.message);
    const stormUsed = used();
    if (typeof storm !== 'string') await both({ kind: 'end' });
    return {
      target: target.name,
      count,
      connected: { mqtt: first, sn: second },
      memory: { before, mqtt: afterMqtt, both: afterBoth, talked },
      cpu: {
        mqtt: (mqttUsed - start) / count,
        sn: (cpu - mqttUsed) / count,
        storm: (stormUsed - restarted) / count,
      },
      talk,
      gatewayLoad,
      storm,
    };
  } finally {
    mqtt.kill();
    sn.kill();
  }
}

/** Gives an order, and waits for what comes of it. */
function told(half: ChildProcess, order: Order): Promise<Report> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`half of the crowd ended with ${code}`));
    half.once('exit', ended);
    half.once('message', (report: Report) => {
      half.off('exit', ended);
      if (report.failed === undefined) resolve(report);
      else reject(new Error(`crowd, ${order.kind}: ${report.failed}`));
    });
    half.send(order);
  });
}

/** The result for people. */
export function crowdTable(result: CrowdResult): string {
  const { target, count, memory, cpu, talk, storm } = result;
  const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
  const kib = (from: number, to: number): string => ((to - from) / count).toFixed(1);
  const connects = (name: string, { ms, p50, p99, longest, repeated }: Report): string =>
    `  ${name}: ${whole((count / ms) * 1000)} per second, ${(ms / 1000).toFixed(1)} s in all; each p50 ${whole(p50)} ms, p99 ${whole(p99)} ms, longest ${whole(longest)} ms; ${repeated} tried again`;
  const traffic = (name: string, from: Report, to: Report): string =>
    `  ${name}: ${whole(from.sent)} sent, ${whole(from.acknowledged)} acknowledged, ${from.sent - to.received} lost, ${to.duplicates} twice, ${from.repeated} sent again; p50 ${to.p50.toFixed(1)} ms, p99 ${to.p99.toFixed(1)} ms, longest ${whole(to.longest)} ms`;
  return [
    `A crowd on ${target}: ${whole(count)} MQTT clients and ${whole(count)} MQTT-SN clients`,
    'connecting, 200 at once',
    connects('MQTT', result.connected.mqtt),
    connects('MQTT-SN', result.connected.sn),
    `  CPU time of the gateway: ${cpu.mqtt.toFixed(2)} ms for an MQTT client, ${cpu.sn.toFixed(2)} ms for an MQTT-SN client`,
    'resident memory',
    `  ${whole(memory.before / 1024)} MiB before, ${whole(memory.mqtt / 1024)} with MQTT (${kib(memory.before, memory.mqtt)} KiB each), ${whole(memory.both / 1024)} with both (${kib(memory.mqtt, memory.both)} KiB each MQTT-SN), ${whole(memory.talked / 1024)} after talking`,
    `each publishes with QoS 1 every ${everyMs / 1000} s, for ${talkMs / 1000} s; gateway at ${Math.round(result.gatewayLoad * 100)} % of a core`,
    traffic('MQTT-SN to MQTT', talk.sn, talk.mqtt),
    traffic('MQTT to MQTT-SN', talk.mqtt, talk.sn),
    'all back at once after kill -9 and a restart',
    ...(typeof storm === 'string'
      ? [`  ${storm}`]
      : [
          connects('MQTT', storm.mqtt),
          connects('MQTT-SN', storm.sn),
          `  CPU time of the gateway: ${cpu.storm.toFixed(2)} ms for one of each`,
        ]),
  ].join('\n');
}
