import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import type { ProcessLog } from '#src/cli/log.js';
import { runGateway } from '#src/cli/start.js';
import { load } from '#src/config/load.js';
import { IsthmusError } from '#src/core/errors.js';
import { silentLog } from '#src/core/log.js';
import type { Gateway } from '#src/gateway.js';
import { FakeEdge } from './fake-edge.js';

/** A gateway, a process and a log that note what happens to them, in one list. */
function scene(gateway: Partial<Gateway> = {}) {
  const events: string[] = [];
  const note =
    (name: keyof Gateway): (() => Promise<void>) =>
    async () => {
      events.push(name);
      await gateway[name]?.();
    };
  const log: ProcessLog = {
    ...silentLog,
    warn: (_fields, message) => void events.push(`warn ${message}`),
    error: (_fields, message) => void events.push(`error ${message}`),
    fatal: (_fields, message) => void events.push(`fatal ${message}`),
  };
  const edge = new FakeEdge();
  const loaded = { ...load('/nowhere', {}), warnings: [{ where: 'x:1', message: 'odd' }] };
  const code = runGateway(loaded, log, edge, () => ({
    start: note('start'),
    stop: note('stop'),
    reload: note('reload'),
  }));
  return { events, edge, code };
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} stops and ends with 0`, async (t) => {
    const { events, edge, code } = scene();
    await setImmediate();
    t.deepEqual(events, ['warn odd', 'start']);
    edge.signal(signal);
    t.is(await code, 0);
    t.deepEqual(events.slice(2), ['stop']);
    t.deepEqual(edge.exits, []);
  });
}

test('a second signal ends the process at once', async (t) => {
  const { edge } = scene({ stop: () => new Promise(() => {}) });
  await setImmediate();
  edge.signal('SIGTERM');
  await setImmediate();
  edge.signal('SIGINT');
  t.deepEqual(edge.exits, [130]);
});

test('a signal during the start stops what has started', async (t) => {
  let started = (): void => {};
  const { edge, events, code } = scene({
    start: () =>
      new Promise((resolve) => {
        started = resolve;
      }),
  });
  edge.signal('SIGTERM');
  await setImmediate();
  t.false(events.includes('stop'));
  started();
  t.is(await code, 0);
  t.deepEqual(events.slice(1), ['start', 'stop']);
});

test('SIGHUP reads again, and a failure to do so is only logged', async (t) => {
  const { edge, events, code } = scene({ reload: () => Promise.reject(new Error('no')) });
  await setImmediate();
  edge.signal('SIGHUP');
  await setImmediate();
  t.deepEqual(events.slice(2), ['reload', 'error could not read everything again']);
  edge.signal('SIGTERM');
  t.is(await code, 0);
});

test('a port in use: one line that names it, what has started is stopped, 69', async (t) => {
  const taken = new IsthmusError('LISTEN', 'udp 0.0.0.0:1884: bind EADDRINUSE 0.0.0.0:1884');
  const { edge, events, code } = scene({ start: () => Promise.reject(taken) });
  t.is(await code, 69);
  t.deepEqual(edge.complained, ['isthmus: cannot listen on udp 0.0.0.0:1884: bind EADDRINUSE 0.0.0.0:1884']);
  t.deepEqual(events.slice(1), ['start', 'stop']);
});

test('another failure to start ends with 70', async (t) => {
  const { events, code } = scene({ start: () => Promise.reject(new Error('odd')) });
  t.is(await code, 70);
  t.is(events.at(-1), 'fatal could not start');
});

test('a failure to stop ends with 70', async (t) => {
  const { edge, events, code } = scene({ stop: () => Promise.reject(new Error('odd')) });
  edge.signal('SIGTERM');
  t.is(await code, 70);
  t.is(events.at(-1), 'fatal could not stop cleanly');
});

test('an error that nobody caught is logged and ends with 70', async (t) => {
  const { edge, events } = scene();
  await setImmediate();
  edge.crash(new Error('odd'));
  t.is(events.at(-1), 'fatal stopped by an error that nothing expected');
  t.deepEqual(edge.exits, [70]);
});
