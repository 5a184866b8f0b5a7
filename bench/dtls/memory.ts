import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { residentKiB } from '../processes.js';
import type { CrowdJob, FromCrowd, ServerMemory, ToServer } from './measure.js';

/** Sessions before the base line, so that code is compiled and buffers are there. */
const warmSessions = 500;
/** In so many parts they come, measured after each. */
const parts = 5;

/** Measures a server's memory while so many sessions come, and says it line by line; gives the base line. */
export async function measureMemory(
  server: ChildProcess,
  crowd: ChildProcess,
  job: { readonly port: number; readonly sessions: number; readonly idleSeconds: number },
  say: (line: string) => void,
): Promise<Memory> {
  const { port, sessions, idleSeconds } = job;
  await arrived(crowd, { port, first: 0, count: warmSessions });
  await sleep(3000);
  const base = await memoryOf(server, 'collect garbage');
  say(`base line after ${warmSessions} sessions: ${(base.resident / 2 ** 20).toFixed(1)} MiB`);
  const add = async (when: string, ask: ToServer, count = sessions): Promise<void> =>
    say(describeMemory(when, await memoryOf(server, ask), base, count));
  const part = Math.floor(sessions / parts);
  for (let come = 0; come < parts * part; come += part) {
    await arrived(crowd, { port, first: warmSessions + come, count: part });
    await add(`${come + part} more sessions`, 'memory', come + part);
  }
  await sleep(idleSeconds * 1000);
  await add(`${idleSeconds} s later`, 'memory');
  await add('garbage collected', 'collect garbage');
  return base;
}

/** What there is beyond the base line, by session. */
export function describeMemory(when: string, now: Memory, base: Memory, sessions: number): string {
  const each = (of: keyof Memory): string => `${of} ${((now[of] - base[of]) / sessions).toFixed(0)}`;
  return `${when.padEnd(24)}  bytes each: ${(Object.keys(now) as (keyof Memory)[]).map(each).join(', ')}`;
}

/** Bytes. */
export interface Memory extends ServerMemory {
  readonly resident: number;
}

/** A server's memory as it is, or when garbage has been collected. */
export async function memoryOf(server: ChildProcess, ask: ToServer): Promise<Memory> {
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
