import test from 'ava';
import { SystemTopics } from '#src/admin/system-topics.js';
import { FakeClock } from '../support/fake-clock.js';

test('everything at the start, then what has changed, until it is stopped', (t) => {
  const clock = new FakeClock();
  const told: string[] = [];
  const values = new Map<string, string | number>([
    ['version', 'x'],
    ['clients/total', 0],
  ]);
  const publish = (topic: string, payload: string): void => void told.push(`${topic} ${payload}`);
  const topics = new SystemTopics({ clock, intervalMs: 10_000, values: () => values, publish });
  topics.start();
  topics.start();
  t.deepEqual(told.splice(0), ['version x', 'clients/total 0']);
  clock.advance(9_999);
  values.set('clients/total', 2);
  t.deepEqual(told, []);
  clock.advance(1);
  t.deepEqual(told.splice(0), ['clients/total 2']);
  // While nobody can be told nothing is; then all is told again.
  const all = [...values];
  values.clear();
  clock.advance(10_000);
  for (const [name, value] of all) values.set(name, value);
  clock.advance(10_000);
  t.deepEqual(told.splice(0), ['version x', 'clients/total 2']);
  clock.advance(100_000);
  t.deepEqual(told, []);
  topics.stop();
  topics.stop();
  t.deepEqual(clock.waiting, []);
});
