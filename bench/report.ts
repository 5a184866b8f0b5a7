import type { Round } from './round.js';
import type { Scenario } from './scenarios.js';

/** All rounds of one measurement on one gateway. */
export interface Result {
  readonly scenario: Scenario;
  readonly target: string;
  readonly rounds: readonly Round[];
  /** Why there are no rounds. */
  readonly failed: string | undefined;
}

/** A result, summed up over its rounds. */
export interface Summary {
  readonly scenario: string;
  readonly target: string;
  readonly perSecond: number;
  readonly lowest: number;
  readonly highest: number;
  /** Against the UDP echo floor of the same run. */
  readonly ofFloor: number | undefined;
  /** Against the first gateway of the same run. */
  readonly ofFirst: number | undefined;
  readonly gatewayMicros: number | undefined;
  readonly gatewayLoad: number | undefined;
  readonly generatorLoad: number;
  readonly completed: number;
  readonly lost: number;
  readonly duplicates: number;
  readonly memory: Readonly<Record<string, number>>;
  readonly restartMs: number | undefined;
  readonly failed: string | undefined;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Medians over the rounds, and the ratios that make runs on different machines comparable. */
export function summarize(results: readonly Result[]): Summary[] {
  const rate = (result: Result | undefined): number | undefined =>
    result && result.rounds.length > 0 ? median(result.rounds.map((round) => round.perSecond)) : undefined;
  const floor = rate(results.find((result) => result.scenario.name === 'udp-echo'));
  return results.map((result) => {
    const { rounds, scenario } = result;
    const perSecond = rate(result) ?? 0;
    const first = results.find((other) => other.scenario === scenario);
    const known = (pick: (round: Round) => number | undefined): number | undefined => {
      const values = rounds.map(pick).filter((value) => value !== undefined);
      return values.length > 0 ? median(values) : undefined;
    };
    const total = (pick: (round: Round) => number): number => rounds.reduce((sum, round) => sum + pick(round), 0);
    return {
      scenario: scenario.name,
      target: result.target,
      perSecond,
      lowest: Math.min(...rounds.map((round) => round.perSecond)),
      highest: Math.max(...rounds.map((round) => round.perSecond)),
      ofFloor: ratio(perSecond, floor),
      ofFirst: first === result ? undefined : ratio(perSecond, rate(first)),
      gatewayMicros: known((round) => round.gatewayMicros),
      gatewayLoad: known((round) => round.gatewayLoad),
      generatorLoad: known((round) => round.generatorLoad) ?? 0,
      completed: total((round) => round.completed),
      lost: total((round) => round.lost),
      duplicates: total((round) => round.duplicates),
      memory: rounds.at(-1)?.memory ?? {},
      restartMs: rounds.at(-1)?.restartMs,
      failed: result.failed,
    };
  });
}

function ratio(value: number, to: number | undefined): number | undefined {
  return to === undefined || to === 0 || value === 0 ? undefined : value / to;
}

/** The table for people. */
export function table(results: readonly Result[]): string {
  const rows = [
    [
      'measurement',
      'gateway',
      'per second',
      'lowest',
      'highest',
      'of floor',
      'of first',
      'µs CPU',
      'gateway',
      'generator',
      'lost',
      'twice',
    ],
  ];
  const summaries = summarize(results);
  for (const [index, summary] of summaries.entries()) {
    const title = results[index]?.scenario.title ?? summary.scenario;
    if (summary.failed !== undefined) {
      rows.push([title, summary.target, summary.failed]);
      continue;
    }
    if (summary.scenario === 'sessions' || summary.scenario === 'lwm2m-memory') {
      rows.push(...(summary.scenario === 'sessions' ? memoryRows(title, summary) : deviceRows(title, summary)));
      continue;
    }
    rows.push([
      title,
      summary.target,
      whole(summary.perSecond),
      whole(summary.lowest),
      whole(summary.highest),
      fraction(summary.ofFloor),
      fraction(summary.ofFirst),
      summary.gatewayMicros === undefined ? '' : summary.gatewayMicros.toFixed(1),
      percent(summary.gatewayLoad),
      percent(summary.generatorLoad),
      share(summary.lost, summary.completed),
      String(summary.duplicates),
    ]);
  }
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => (row.length > 3 || column < 2 ? (row[column] ?? '').length : 0))),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column < 2 ? cell.padEnd(widths?.[column] ?? 0) : cell.padStart(row.length > 3 ? (widths?.[column] ?? 0) : 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Resident memory per session: what the sessions took, and what one stored message each took on top. */
function memoryRows(title: string, { completed, memory, target }: Summary): string[][] {
  const { before, asleep, stored } = memory;
  if (before === undefined || asleep === undefined || stored === undefined) {
    return [[title, target, 'memory not known: name the process, --against ...@pid']];
  }
  const row = (name: string, kib: number): string[] => {
    const each = ((kib - before) / completed).toFixed(2);
    return [name, target, `${each} KiB a session (${whole(before)} -> ${whole(kib)} KiB resident)`];
  };
  return [row(`${title}: ${whole(completed)}, one subscription`, asleep), row('  and one stored message each', stored)];
}

/** Resident memory per registered device: fresh, after a silence, and after a restart, with the time that took. */
function deviceRows(title: string, { completed, memory, restartMs, target }: Summary): string[][] {
  const { before, registered, idle, restarted } = memory;
  if (before === undefined || registered === undefined || restarted === undefined)
    return [[title, target, 'no memory']];
  const row = (name: string, kib: number, more = ''): string[] => {
    const each = ((kib - before) / completed).toFixed(2);
    return [name, target, `${each} KiB a device (${whole(before)} -> ${whole(kib)} KiB resident)${more}`];
  };
  const seconds = restartMs === undefined ? '' : `, ready after ${(restartMs / 1000).toFixed(1)} s`;
  return [
    row(`${title}: ${whole(completed)}, one observation`, registered),
    ...(idle === undefined ? [] : [row('  after a silence', idle)]),
    row('  killed and started again', restarted, seconds),
  ];
}

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
const fraction = (value: number | undefined): string => (value === undefined ? '' : value.toFixed(2));
const percent = (value: number | undefined): string => (value === undefined ? '' : `${Math.round(value * 100)} %`);
const share = (lost: number, completed: number): string =>
  lost === 0 ? '0' : `${lost} (${((100 * lost) / Math.max(1, lost + completed)).toFixed(3)} %)`;
