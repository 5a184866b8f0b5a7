// `npm run bench:dtls`: measures the DTLS server alone, and other DTLS servers beside it.
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cpuMs } from '../processes.js';
import { median } from '../report.js';
import { type DtlsJob, type FromLoad, type Measurement, measurements } from './measure.js';
import { describeMemory, measureMemory, memoryOf } from './memory.js';

const usage = `npm run bench:dtls -- [options]
  --only NAME        one measurement; may be repeated: ${Object.keys(measurements).join(', ')}
  --against TARGET   also measure another server; may be repeated: [name=]host:port[@pid], or with [name=]NAME/host:port[@pid]
                     for the measurement NAME only. PSK identity dev1, key 73656372657450534b; records are sent back
  --without-own      leave Isthmus out
  --rounds N         (5)
  --seconds N        measured time of a round (3)
  --clients N        sessions, or handshakes at a time (20 and 4)
  --window N         records a session has under way (4)
  --payload N        bytes of a record (32)
  --only memory      not a rate: resident memory of Isthmus per session
  --sessions N       sessions for it (10000)
  --idle N           seconds of silence before it is measured again (10)
  --without-store    sessions are not stored
`;

interface Target {
  readonly name: string;
  readonly only: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly pid: number | undefined;
}

interface Round {
  readonly perSecond: number;
  readonly micros: number | undefined;
  readonly lost: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      against: { type: 'string', multiple: true, default: [] },
      'without-own': { type: 'boolean', default: false },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '3' },
      clients: { type: 'string' },
      window: { type: 'string', default: '4' },
      payload: { type: 'string', default: '32' },
      sessions: { type: 'string', default: '10000' },
      idle: { type: 'string', default: '10' },
      'without-store': { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  if (values.only.includes('memory')) {
    await memory(Number(values.sessions), Number(values.idle), !values['without-store']);
    return;
  }
  const own = values['without-own'] ? undefined : await startOwn();
  const targets = [...(own === undefined ? [] : [own.target]), ...values.against.map(readTarget)];
  try {
    for (const [measurement, { title, clients }] of Object.entries(measurements)) {
      if (values.only.length > 0 && !values.only.includes(measurement)) continue;
      const base = {
        measurement: measurement as Measurement,
        clients: Number(values.clients ?? clients),
        window: Number(values.window),
        payload: Number(values.payload),
        warmupMs: 1000,
        measureMs: Number(values.seconds) * 1000,
      };
      const measured = targets.filter(({ only }) => only === undefined || only === measurement);
      const rounds = new Map<Target, Round[]>(measured.map((target) => [target, []]));
      // In turn, so that a slow minute of the machine meets them all, and each begins as often as the others.
      for (let round = 0; round < Number(values.rounds); round++) {
        const first = round % measured.length;
        for (const target of [...measured.slice(first), ...measured.slice(0, first)])
          rounds.get(target)?.push(await runRound(target, base));
      }
      for (const line of lines(title, measured, rounds)) process.stdout.write(`${line}\n`);
    }
  } finally {
    own?.stop();
  }
}

async function memory(sessions: number, idleSeconds: number, stored: boolean): Promise<void> {
  const store = mkdtempSync(join(tmpdir(), 'isthmus-bench-'));
  const crowd = fork(join(import.meta.dirname, 'crowd.js'));
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  let own = await startOwn(stored ? [store] : []);
  try {
    const base = await measureMemory(own.server, crowd, { port: own.target.port, sessions, idleSeconds }, say);
    if (!stored) return;
    const ended = once(own.server, 'exit');
    own.stop();
    await ended;
    const start = performance.now();
    own = await startOwn([store]);
    say(`again ready after ${((performance.now() - start) / 1000).toFixed(1)} s`);
    say(describeMemory('restarted', await memoryOf(own.server, 'memory'), base, sessions));
  } finally {
    crowd.disconnect();
    own.stop();
    rmSync(store, { recursive: true });
  }
}

function lines(title: string, targets: readonly Target[], rounds: ReadonlyMap<Target, readonly Round[]>): string[] {
  const rates = (target: Target): number[] => (rounds.get(target) ?? []).map(({ perSecond }) => perSecond);
  const first = median(targets[0] === undefined ? [] : rates(targets[0]));
  return targets.map((target) => {
    const all = rounds.get(target) ?? [];
    const rate = median(rates(target));
    const micros = median(all.flatMap((round) => round.micros ?? []));
    const lost = all.reduce((sum, round) => sum + round.lost, 0);
    return [
      title.padEnd(24),
      target.name.padEnd(14),
      `${Math.round(rate)} per second (${Math.round(Math.min(...rates(target)))} to ${Math.round(Math.max(...rates(target)))})`,
      `${(rate / first).toFixed(2)} of first`,
      Number.isNaN(micros) ? 'CPU not known' : `${micros.toFixed(1)} µs CPU each`,
      `${lost} lost`,
    ].join('  ');
  });
}

async function runRound({ host, port, pid, name }: Target, base: Omit<DtlsJob, 'host' | 'port'>): Promise<Round> {
  const load = fork(join(import.meta.dirname, 'load.js'));
  const cpu: Record<string, number | undefined> = {};
  return new Promise((resolve, reject) => {
    load.once('exit', (code) => reject(new Error(`${name}: the load ended with ${code}`)));
    load.on('message', (message: FromLoad) => {
      if (message.kind === 'phase') cpu[message.phase] = pid === undefined ? undefined : cpuMs([pid]);
      else if (message.kind === 'failed') reject(new Error(`${name}: ${message.message}`));
      else {
        const { completed, lost, ms } = message;
        const { start, end } = cpu;
        const micros = start === undefined || end === undefined ? undefined : ((end - start) * 1000) / completed;
        resolve({ perSecond: (completed / ms) * 1000, micros, lost });
      }
    });
    load.send({ ...base, host, port } satisfies DtlsJob);
  });
}

/** The DTLS server of Isthmus in a process of its own, with a certificate made by the openssl command. */
async function startOwn(
  more: readonly string[] = [],
): Promise<{ target: Target; server: ChildProcess; stop: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'isthmus-bench-'));
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=localhost'];
  execFileSync('openssl', ['req', '-x509', ...kind, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  const server = fork(join(import.meta.dirname, 'server.js'), [key, certificate, ...more]);
  const port = await new Promise<number>((resolve) => server.once('message', (message) => resolve(Number(message))));
  rmSync(folder, { recursive: true });
  const target = { name: 'isthmus', only: undefined, host: '127.0.0.1', port, pid: server.pid };
  return { target, server, stop: () => server.disconnect() };
}

function readTarget(text: string): Target {
  const parts = /^(?:([^=@]+)=)?(?:([\w-]+)\/)?([^:@/]+):(\d+)(?:@(\d+))?$/.exec(text);
  if (!parts) throw new Error(`--against: [name=][measurement/]host:port[@pid], not '${text}'`);
  const [, name, only, host = '', port, pid] = parts;
  return {
    name: name ?? `${host}:${port}`,
    only,
    host,
    port: Number(port),
    pid: pid === undefined ? undefined : Number(pid),
  };
}

await main();
