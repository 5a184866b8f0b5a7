// `npm run bench`: measures the gateway, the UDP echo floor of this machine and, when asked, other gateways beside it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { dirname, join } from 'node:path';
import { type CrowdResult, crowdTable, runCrowd } from './crowd/crowd.js';
import { startMosquitto } from './mosquitto.js';
import { type Options, readOptions, usage } from './options.js';
import type { Target } from './protocol.js';
import { type Result, summarize, table } from './report.js';
import { type Round, runRound } from './round.js';
import { isStanding, type Scenario, scenarios } from './scenarios.js';
import {
  type IsthmusOptions,
  type Started,
  type StartedGateway,
  startEcho,
  startIsthmus,
  startSkeleton,
} from './servers.js';

const warmupMs = 1000;

async function main(): Promise<number> {
  if (process.argv.includes('--help')) {
    process.stdout.write(usage);
    return 0;
  }
  let options: Options;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return 64;
  }
  const started: Started[] = [];
  try {
    const echo = await startEcho();
    started.push(echo);
    const own: StartedGateway[] = [];
    for (const gateway of ours(options)) own.push(await startIsthmus(gateway));
    started.push(...own);
    if (options.mosquitto) started.push(await startMosquitto(true), await startMosquitto(false));
    if (options.skeleton) started.push(await startSkeleton());
    const gateways = [...started.slice(1).map(({ target }) => target), ...options.against];
    const results = await measure(options, echo.target, gateways, own[0]);
    if (results.length > 0) process.stdout.write(`${table(results)}\n`);
    const crowds: CrowdResult[] = [];
    for (const gateway of options.only.includes('crowd') ? own : []) {
      const crowd = await runCrowd(gateway, options.crowd, options.payload, progress);
      progress('');
      process.stdout.write(`${crowdTable(crowd)}\n`);
      crowds.push(crowd);
    }
    write(options, results, crowds);
    return results.some((result) => result.failed !== undefined) ? 1 : 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    await Promise.all(started.map((server) => server.stop()));
  }
}

/** The gateways of ours that are asked for; a profile is made of the first. */
function ours({ own, inMemory, external, cpuProfile, only }: Options): IsthmusOptions[] {
  const observes = only.includes('lwm2m-memory');
  const gateways: IsthmusOptions[] = [];
  if (own) gateways.push({ name: 'isthmus' });
  if (inMemory) gateways.push({ name: 'isthmus, in memory', inMemory: true });
  if (external) gateways.push({ name: 'isthmus, external', external });
  return gateways.map((gateway, index) => (index === 0 ? { ...gateway, observes, cpuProfile } : gateway));
}

/** All rounds. Those of one measurement go round the gateways in turn, so that a slow minute of the machine meets them all. */
async function measure(
  options: Options,
  echo: Target,
  gateways: readonly Target[],
  own: StartedGateway | undefined,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const scenario of chosen(options)) {
    const targets = scenario.name === 'udp-echo' ? [echo] : gateways.filter(scenario.runsOn);
    const rounds = new Map<Target, Round[]>(targets.map((target) => [target, []]));
    const failures = new Map<Target, string>();
    const count = isStanding(scenario.name) ? 1 : options.rounds;
    for (let round = 1; round <= count; round++) {
      for (const target of targets) {
        if (failures.has(target)) continue;
        progress(`${scenario.title}, ${target.name}, round ${round} of ${count}`);
        try {
          const restart = target === own?.target ? own.restart : undefined;
          rounds.get(target)?.push(await runRound(job(options, scenario, target), restart));
        } catch (error) {
          failures.set(target, error instanceof Error ? error.message : String(error));
        }
      }
    }
    for (const target of targets) {
      results.push({ scenario, target: target.name, rounds: rounds.get(target) ?? [], failed: failures.get(target) });
    }
  }
  progress('');
  return results;
}

/** The floor is always measured: the ratios need it. */
function chosen({ only }: Options): readonly Scenario[] {
  return scenarios.filter(({ name, standard }) =>
    only.length === 0
      ? standard
      : only.includes(name) || (name === 'udp-echo' && only.some((asked) => !isStanding(asked))),
  );
}

const job = (options: Options, { name }: Scenario, target: Target) => ({
  scenario: name,
  target,
  warmupMs,
  measureMs: options.seconds * 1000,
  clients: options.clients,
  subscribers: options.subscribers,
  window: options.window,
  payload: options.payload,
  sessions: options.sessions,
  idleMs: options.idleSeconds * 1000,
});

/** Shows what is going on, on a terminal only. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

function write(options: Options, results: readonly Result[], crowds: readonly CrowdResult[]): void {
  const now = new Date().toISOString();
  const file =
    options.json ?? join(import.meta.dirname, '..', '..', 'bench', 'results', `${now.replaceAll(':', '-')}.json`);
  mkdirSync(dirname(file), { recursive: true });
  const machine = { node: process.version, os: release(), cpu: cpus()[0]?.model, cores: cpus().length };
  const { rounds, seconds, clients, window, payload } = options;
  const report = {
    time: now,
    machine,
    options: { rounds, seconds, clients, window, payload },
    results: summarize(results),
    crowds,
    rounds: results.map(({ scenario, target, rounds }) => ({ scenario: scenario.name, target, rounds })),
  };
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  process.stderr.write(`${file}\n`);
}

process.exitCode = await main();
