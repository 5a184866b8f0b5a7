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

const nameIn = (message: string): string => message.slice(0, message.indexOf(' '));
