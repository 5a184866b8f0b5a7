import test from 'ava';
import { silentLog } from '#src/core/log.js';
import { Metrics } from '#src/core/metrics.js';
import { SnServer } from '#src/mqttsn/server.js';
import { LossyPort } from '#src/net/lossy.js';
import { FakeBroker } from '../support/fake-broker.js';
import { FakeClock } from '../support/fake-clock.js';
import { MemoryPort } from '../support/memory-port.js';
import { elapse, SnDevice } from '../support/sn-device.js';
import { snOptions } from '../support/sn-world.js';

/** A server behind a link that loses, doubles and reorders a fifth of all datagrams in each direction. */
async function badWorld(seed: number) {
  const clock = new FakeClock();
  const broker = new FakeBroker();
  const metrics = new Metrics();
  const port = new MemoryPort();
  let state = seed;
  // A small generator of our own, so that a failing seed can be run again.
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const lossy = new LossyPort(port, { drop: 0.2, duplicate: 0.2, reorder: 0.2, reorderMs: 2000 }, clock, random);
  const options = snOptions({ session: { retryIntervalMs: 3000, retryCount: 30, queueLimit: 100 } });
  const server = new SnServer([lossy], broker, options, { clock, log: silentLog, metrics });
  await server.start();
  const device = new SnDevice((datagram, device) => port.deliver(datagram, device), clock, '10.0.0.1:1');
  await elapse(clock, device.connect('a'));
  return { clock, broker, device };
}

const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
const numbers = Array.from({ length: 30 }, (_, n) => String(n));
const withoutRepeats = (all: string[]): string[] => [...new Set(all)];

for (const seed of seeds) {
  test(`up: QoS 1 at least once, QoS 2 exactly once, in order (seed ${seed})`, async (t) => {
    const { clock, broker, device } = await badWorld(seed);
    const one = broker.watch('one');
    const two = broker.watch('two');
    const work = async (): Promise<void> => {
      const [idOne, idTwo] = [await device.register('one'), await device.register('two')];
      for (const n of numbers) {
        await device.publish(idOne, 1, n);
        await device.publish(idTwo, 2, n);
      }
    };
    await elapse(clock, work());
    t.deepEqual(withoutRepeats(one.map((m) => m.payload.toString())), numbers);
    t.deepEqual(
      two.map((m) => m.payload.toString()),
      numbers,
    );
  });

  for (const qos of [1, 2] as const) {
    test(`down: QoS ${qos} ${qos === 1 ? 'at least' : 'exactly'} once, in order (seed ${seed})`, async (t) => {
      const { clock, broker, device } = await badWorld(seed * 31);
      await elapse(clock, device.subscribe('t/+', qos));
      for (const n of numbers) await broker.publish('t/x', n, { qos });
      const all = async (): Promise<void> => {
        while (withoutRepeats(device.delivered).length < numbers.length) {
          await new Promise<void>((resolve) => clock.after('look', 500, resolve));
        }
      };
      await elapse(clock, all());
      t.deepEqual(qos === 1 ? withoutRepeats(device.delivered) : device.delivered, numbers);
    });
  }
}
