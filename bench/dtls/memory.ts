import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { residentKiB } from '../processes.js';
import type { CrowdJob, FromCrowd, ServerMemory, ToServer } from './measure.js';

/** Sessions before the base line, so that code is compiled and buffers are there. */
const warmSessions = 500;

/** Measures a server's memory with many sessions; gives lines for people, in bytes by session beyond the base line. */
export async function measureMemory(
  server: ChildProcess,
  crowd: ChildProcess,
  job: { readonly port: number; readonly sessions: number; readonly idleSeconds: number },
): Promise<string[]> {
  const { port, sessions, idleSeconds } = job;
  await arrived(crowd, { port, first: 0, count: warmSessions });
  await sleep(3000);
  const base = await memoryOf(server, 'collect garbage');
  const lines = [`base line after ${warmSessions} sessions: ${(base.resident / 2 ** 20).toFixed(1)} MiB`];
  const add = (when: string, now: Memory): void => {
    const each = (of: keyof Memory): string => `${of} ${((now[of] - base[of]) / sessions).toFixed(0)}`;
    lines.push(`${when.padEnd(24)}  bytes each: ${(Object.keys(now) as (keyof Memory)[]).map(each).join(', ')}`);
  };
  await arrived(crowd, { port, first: warmSessions, count: sessions });
  add(`${sessions} more sessions`, await memoryOf(server, 'memory'));
  await sleep(idleSeconds * 1000);
  add(`${idleSeconds} s later`, await memoryOf(server, 'memory'));
  add('garbage collected', await memoryOf(server, 'collect garbage'));
  return lines;
}

interface Memory extends ServerMemory {
  readonly resident: number;
}

async function memoryOf(server: ChildProcess, ask: ToServer): Promise<Memory> {
  server.send(ask);
  const [answer] = (await once(server, 'message')) as [ServerMemory];
  const { heapUsed, heapTotal, external, arrayBuffers } = answer;
  const resident = (residentKiB(server.pid === undefined ? [] : [server.pid]) ?? Number.NaN) * 1024;
  return { resident, heapUsed, heapTotal, external, arrayBuffers };
}

async function arrived(crowd: ChildProcess, job: CrowdJob): Promise<void> {
  crowd.send(job);
  const [answer] = (await once(crowd, 'message')) as [FromCrowd];
  if (answer.kind === 'failed') throw new Error(answer.message);
}
