import { fork } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuMs, residentKiB } from './processes.js';
import type { Counted, FromGenerator, Job } from './protocol.js';

/** After a restart, until the memory is looked at. */
const settleMs = 10_000;

/** What one round came to. */
export interface Round extends Counted {
  readonly perSecond: number;
  /** CPU time of the gateway per message, in microseconds; undefined when its process is not known. */
  readonly gatewayMicros: number | undefined;
  /** Share of a core the gateway used, 0 to 1 and more. */
  readonly gatewayLoad: number | undefined;
  /** Share of a core the generator used: near 1, the generator is the limit. */
  readonly generatorLoad: number;
  /** Resident memory of the gateway at each phase, in KiB. */
  readonly memory: Readonly<Record<string, number>>;
  /** How long the gateway took to serve devices again after it was killed, ms; undefined when that was not asked. */
  readonly restartMs: number | undefined;
}

/** Runs one round in a generator of its own. `restart` kills the gateway, and resolves with the ms until it serves again. */
export async function runRound(job: Job, restart: (() => Promise<number>) | undefined): Promise<Round> {
  const generator = fork(join(import.meta.dirname, 'generator.js'));
  const cpu = new Map<string, number>();
  const memory: Record<string, number> = {};
  let restartMs: number | undefined;
  const look = async (phase: string): Promise<void> => {
    if (phase === 'restarted') {
      if (restart === undefined) throw new Error('only Isthmus, which was started here, can be started again');
      restartMs = await restart();
      await sleep(settleMs);
    }
    const used = cpuMs(job.target.pids);
    if (used !== undefined) cpu.set(phase, used);
    const resident = residentKiB(job.target.pids);
    if (resident !== undefined) memory[phase] = resident;
    generator.send('seen');
  };
  const counted = await new Promise<Counted>((resolve, reject) => {
    generator.once('exit', (code) => reject(new Error(`the generator ended with ${code}`)));
    generator.on('message', (message: FromGenerator) => {
      switch (message.kind) {
        case 'phase':
          look(message.phase).catch(reject);
          return;
        case 'counted':
          resolve(message.counted);
          return;
        case 'failed':
          reject(new Error(`${job.scenario} on ${job.target.name}: ${message.message}`));
      }
    });
    generator.send(job);
  });
  const [start, end] = [cpu.get('start'), cpu.get('end')];
  const gatewayMs = start === undefined || end === undefined ? undefined : end - start;
  return {
    ...counted,
    perSecond: (counted.completed / counted.ms) * 1000,
    gatewayMicros: gatewayMs === undefined ? undefined : (gatewayMs * 1000) / Math.max(1, counted.completed),
    gatewayLoad: gatewayMs === undefined ? undefined : gatewayMs / counted.ms,
    generatorLoad: counted.cpuMs / counted.ms,
    memory,
    restartMs,
  };
}
