import { setTimeout } from 'node:timers/promises';
import type { Sink, Source } from './traffic.js';

const patienceMs = 30_000;

/** Waits until every acknowledged message has come out everywhere, or nothing has come for so long that nothing will. */
export async function drained(sources: readonly Source[], sinks: readonly Sink[]): Promise<void> {
  let before = -1;
  for (let waited = 0; waited < patienceMs && sinks.some((sink) => lost(sources, sink).length > 0); waited += 100) {
    const now = sinks.reduce((sum, { delivered }) => sum + delivered.length, 0);
    if (now > before) waited = 0;
    before = now;
    await setTimeout(100);
  }
}

/** Acknowledged messages that a sink has not received. */
export function lost(sources: readonly Source[], { delivered }: Sink): string[] {
  const got = new Set(delivered);
  return sources.flatMap(({ acknowledged }) => acknowledged.filter((message) => !got.has(message)));
}

/** Messages that a sink has received more often than the QoS on their way allows. */
export function doubled(sources: readonly Source[], { delivered, qos }: Sink): string[] {
  const once = qos === 2 ? sources.filter((source) => source.qos === 2).map(({ name }) => name) : [];
  const seen = new Set<string>();
  return delivered.filter((message) => {
    const again = seen.has(message);
    seen.add(message);
    return again && once.includes(nameIn(message));
  });
}

/** Messages whose first copy came after the first copy of a later message of the same source. */
export function disordered({ delivered }: Sink): string[] {
  const last = new Map<string, number>();
  return [...new Set(delivered)].filter((message) => {
    const name = nameIn(message);
    const number = Number(message.slice(name.length + 1));
    const before = last.get(name) ?? -1;
    last.set(name, Math.max(before, number));
    return number < before;
  });
}

/** What clients complained of, and what of the acknowledged messages did not come out as it should. */
export function faults(sources: readonly Source[], sinks: readonly Sink[], wills: Sink, ordered = true): string[] {
  const wrong = [...sources, ...sinks, wills].flatMap(({ name, complaints }) =>
    complaints.map((c) => `${name} heard ${c}`),
  );
  for (const sink of sinks) {
    wrong.push(...lost(sources, sink).map((message) => `${sink.name} did not get ${message}`));
    wrong.push(...doubled(sources, sink).map((message) => `${sink.name} got ${message} twice`));
    if (ordered) wrong.push(...disordered(sink).map((message) => `${sink.name} got ${message} too late`));
  }
  return wrong;
}

/** How many messages went in and came out, for the log. */
export function tally(sources: readonly Source[], sinks: readonly Sink[]): string {
  const sent = sources.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0);
  const received = sinks.reduce((sum, { delivered }) => sum + delivered.length, 0);
  return `${sent} messages acknowledged, ${received} delivered`;
}

const nameIn = (message: string): string => message.slice(0, message.indexOf(' '));
