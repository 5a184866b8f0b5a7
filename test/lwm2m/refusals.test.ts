import test from 'ava';
import { Metrics } from '#src/core/metrics.js';
import { Refusals } from '#src/lwm2m/refusals.js';
import { FakeClock } from '../support/fake-clock.js';
import { MemoryPeer } from '../support/memory-port.js';
import { MemoryLog } from './objects/definition-files.js';

test('a refused endpoint name is told with its reason, each reason at most every ten seconds', (t) => {
  const clock = new FakeClock();
  const log = new MemoryLog();
  const metrics = new Metrics();
  const refusals = new Refusals(log, clock, metrics);
  const other = new MemoryPeer('session 1', { kind: 'psk', identity: 'other' });
  for (let i = 0; i < 100; i += 1) refusals.add('identity', 'ep', other);
  refusals.add('owner', 'ep', new MemoryPeer('plain'));
  t.deepEqual(log.lines, [
    {
      line: 'warn a registration was refused: the endpoint name is not that of the proven identity',
      fields: { endpoint: 'ep', address: other.address, identity: 'other', count: 1 },
    },
    {
      line: 'warn a registration was refused: the endpoint is registered by another identity',
      fields: { endpoint: 'ep', address: new MemoryPeer('plain').address, count: 1 },
    },
  ]);
  clock.advance(10_000);
  refusals.add('identity', 'ep2', other);
  t.deepEqual(log.lines.at(-1)?.fields, { endpoint: 'ep2', address: other.address, identity: 'other', count: 100 });
  t.is(metrics.counter('lwm2m.refused_names').value, 102);
});
