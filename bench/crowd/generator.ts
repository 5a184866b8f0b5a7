// Half of a crowd: very many clients of one protocol in a process of their own, told by its parent what to do.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Member } from './member.js';
import { mqttMember } from './mqtt-member.js';
import type { Order, Report } from './protocol.js';
import { snMember } from './sn-member.js';

const drainMs = 12_000;
const headerBytes = 12;

const members: Member[] = [];
const counts = { sent: 0, acknowledged: 0, received: 0, duplicates: 0, repeated: 0 };
let times: number[] = [];
/** The numbers of the last message that each member has received. */
const lastSeqs: number[] = [];

/** The same clock in all processes, ms. */
const now = (): number => Number(process.hrtime.bigint() / 1000n) / 1000;

process.on('message', (order: Order) => {
  const cpu = process.cpuUsage();
  const began = now();
  Object.assign(counts, { sent: 0, acknowledged: 0, received: 0, duplicates: 0, repeated: 0 });
  times = [];
  const report = (failed?: string): void => {
    const { user, system } = process.cpuUsage(cpu);
    const sorted = times.sort((a, b) => a - b);
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    const told: Report = {
      ms: now() - began,
      cpuMs: (user + system) / 1000,
      ...counts,
      p50: at(0.5),
      p99: at(0.99),
      longest: at(1),
      ...(failed === undefined ? {} : { failed }),
    };
    process.send?.(told);
  };
  obey(order).then(
    () => report(),
    (error: unknown) => report(error instanceof Error ? error.message : String(error)),
  );
});
process.on('disconnect', () => process.exit());

async function obey(order: Order): Promise<void> {
  switch (order.kind) {
    case 'connect': {
      const enrol = order.half === 'mqtt' ? mqttMember : snMember;
      for (let index = 0; index < order.count; index++) {
        lastSeqs.push(0);
        const hearing = {
          received: (payload: Buffer) => receive(index, payload),
          acknowledged: () => void counts.acknowledged++,
          repeated: () => void counts.repeated++,
        };
        members.push(enrol(order.target, index, hearing));
      }
      await connectAll(order.atOnce);
      return;
    }
    case 'talk':
      await talk(order.everyMs, order.ms, order.payload);
      return;
    case 'storm':
      for (const member of members) member.forget();
      await sleep(500);
      await connectAll(members.length);
      return;
    case 'end':
      for (const member of members) member.close();
      await sleep(500);
  }
}

async function connectAll(atOnce: number): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let member = members[next++]; member !== undefined; member = members[next++]) {
        const began = now();
        counts.repeated += (await member.connect()) - 1;
        times.push(now() - began);
      }
    }),
  );
}

/** Everybody publishes once in every period, each at its own moment of it. */
async function talk(everyMs: number, ms: number, payload: number): Promise<void> {
  const turnMs = 10;
  const began = performance.now();
  const perTurn = (members.length * turnMs) / everyMs;
  let due = 0;
  let next = 0;
  let seq = 1;
  while (performance.now() - began < ms) {
    await sleep(turnMs);
    // As many as the time that has gone by asks for, however late this turn is.
    const wanted = Math.floor(((performance.now() - began) / turnMs) * perTurn);
    for (; due < wanted; due++) {
      if (members[next]?.publish(body(seq, payload)) === true) counts.sent++;
      if (++next === members.length) {
        next = 0;
        seq++;
      }
    }
  }
  await sleep(drainMs);
}

function body(seq: number, bytes: number): Buffer {
  const payload = Buffer.alloc(Math.max(bytes, headerBytes), '.');
  payload.writeDoubleBE(now(), 0);
  payload.writeUInt32BE(seq, 8);
  return payload;
}

function receive(index: number, payload: Buffer): void {
  const seq = payload.readUInt32BE(8);
  if (seq <= (lastSeqs[index] ?? 0)) {
    counts.duplicates++;
    return;
  }
  lastSeqs[index] = seq;
  counts.received++;
  times.push(now() - payload.readDoubleBE(0));
}
