import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Authorizer } from '#src/broker/auth.js';
import type { EmbeddedOptions } from '#src/broker/embedded-options.js';
import { IsthmusError } from '#src/core/errors.js';
import { silentLog } from '#src/core/log.js';
import { LevelStore } from '#src/store/level-store.js';
import { MemoryStore } from '#src/store/memory-store.js';
import type { Committed } from '#src/store/store.js';
import { FakeClock } from '../support/fake-clock.js';
import { TestBroker } from '../support/mqtt-broker.js';
import { TestClient } from '../support/mqtt-client.js';

/** Runs a broker on a folder that stays; `restart` ends it and begins another. */
async function onFolder(t: ExecutionContext, options: EmbeddedOptions = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'isthmus-durable-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  let store = await LevelStore.open(dir, silentLog);
  t.teardown(() => store.close());
  let test = await TestBroker.start(t, { ...options, store });
  return {
    first: test,
    restart: async (): Promise<TestBroker> => {
      await test.stop();
      await store.close();
      store = await LevelStore.open(dir, silentLog);
      test = await TestBroker.start(t, { ...options, store });
      return test;
    },
  };
}

/** Waits until nothing waits for anybody. */
async function emptied({ broker }: TestBroker): Promise<void> {
  while (broker.kept.queued > 0) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('retained messages, subscriptions and what waits for them come back', async (t) => {
  const { first, restart } = await onFolder(t);
  const sleeper = await TestClient.connect(first.url, 'sleeper', { clean: false });
  await sleeper.mqtt.subscribeAsync({ 'a/#': { qos: 2 }, 'b/+': { qos: 1 }, 'b/x': { qos: 0 }, gone: { qos: 1 } });
  await sleeper.mqtt.unsubscribeAsync('gone');
  await sleeper.mqtt.endAsync();
  const device = await first.link('device');
  await device.publish('a/1', 'one', { qos: 2, retain: true });
  await device.publish('b/x', 'two', { qos: 2 });
  await device.publish('gone', 'three', { qos: 1 });
  await device.publish('r', 'old', { retain: true });
  await device.publish('r', 'new', { qos: 1, retain: true });
  await device.publish('cleared', 'x', { retain: true });
  await device.publish('cleared', '', { retain: true });

  const second = await restart();
  const { retained, sessions, queued } = second.broker.kept;
  t.deepEqual({ retained, sessions, queued }, { retained: 2, sessions: 1, queued: 2 });
  const later = await second.link('later');
  await later.publish('a/1', 'four', { qos: 1 });
  const back = await TestClient.connect(second.url, 'sleeper', { clean: false });
  t.true(back.sessionPresent);
  t.deepEqual((await back.messages(3)).toSorted(), ['a/1 1 four', 'a/1 2 one', 'b/x 1 two']);
  await back.mqtt.endAsync();
  await later.subscribe('#', 2);
  t.deepEqual((await later.messages(2)).sort(), ['a/1 2 retained one', 'r 1 retained new']);

  const third = await restart();
  t.is(third.broker.kept.queued, 0);
  const clean = await TestClient.connect(third.url, 'sleeper');
  await clean.mqtt.endAsync();
  t.is((await restart()).broker.kept.sessions, 0);
});

test('filters that were refused are not kept', async (t) => {
  const authorizer: Authorizer = {
    mayPublish: () => true,
    maySubscribe: (_who, filter) => filter !== 'secret',
    mayReceive: () => true,
  };
  const test = await TestBroker.start(t, { authorizer });
  const app = await TestClient.connect(test.url, 'app', { clean: false });
  await t.throwsAsync(app.mqtt.subscribeAsync({ open: { qos: 1 }, secret: { qos: 1 } }));
  await app.mqtt.endAsync();
  const device = await test.link('device');
  await device.publish('secret', 'x', { qos: 1 });
  await device.publish('open', 'x', { qos: 1 });
  t.is(test.broker.kept.queued, 1);
});

test('what has lost its reader is not delivered, and does not stay', async (t) => {
  let open = true;
  const authorizer: Authorizer = { mayPublish: () => true, maySubscribe: () => true, mayReceive: () => open };
  const test = await TestBroker.start(t, { authorizer });
  const app = await TestClient.connect(test.url, 'app', { clean: false });
  await app.mqtt.subscribeAsync('a', { qos: 1 });
  const device = await test.link('device');
  open = false;
  await device.publish('a', 'refused while there', { qos: 1 });
  t.is(test.broker.kept.queued, 0);
  await app.mqtt.endAsync();
  await device.publish('a', 'refused while away', { qos: 1 });
  t.is(test.broker.kept.queued, 1);
  const back = await TestClient.connect(test.url, 'app', { clean: false });
  await emptied(test);
  open = true;
  await device.publish('a', 'allowed', { qos: 1 });
  t.deepEqual(await back.messages(1), ['a 1 allowed']);
  await emptied(test);
  t.is(back.received.length, 1);
});

test('wills of clients that do not come back after a crash are published, with the rights of their users', async (t) => {
  const store = new MemoryStore();
  const authorizer: Authorizer = {
    mayPublish: ({ username }, topic) => topic.startsWith(username ?? '-'),
    maySubscribe: () => true,
    mayReceive: () => true,
  };
  const first = await TestBroker.start(t, { store, authorizer });
  const will = { payload: Buffer.from('gone'), qos: 1 as const, retain: true };
  const connect = (id: string, username: string, topic: string, url = first.url): Promise<TestClient> =>
    TestClient.connect(url, id, { username, will: { ...will, topic } });
  await connect('a', 'ann', 'ann/will');
  await connect('b', 'bob', 'ann/forged');
  await connect('c', 'ann', 'ann/back');
  await (await connect('d', 'ann', 'ann/left')).mqtt.endAsync();

  // The first broker never hears of its end: the second one finds the store as a crash leaves it.
  const second = await TestBroker.start(t, { store, authorizer, willGraceMs: 300 });
  const watcher = await second.link('watcher');
  await watcher.subscribe('#', 1);
  await connect('c', 'ann', 'ann/back', second.url);
  t.deepEqual(await watcher.messages(1), ['ann/will 1 gone']);
  await new Promise((resolve) => setTimeout(resolve, 700));
  t.is(watcher.received.length, 1);
});

test('retained messages end with their time', async (t) => {
  const clock = new FakeClock();
  const test = await TestBroker.start(t, { clock, retainedExpirySeconds: 10 });
  const device = await test.link('device');
  await device.publish('r/1', 'x', { retain: true });
  clock.advance(6000);
  await device.publish('r/2', 'x', { retain: true });
  clock.advance(6000);
  await device.subscribe('r/+');
  t.deepEqual(await device.messages(1), ['r/2 0 retained x']);
  t.is(test.broker.kept.retained, 1);
});

/** A store that cannot write. */
class FullStore extends MemoryStore {
  full = false;

  override committed(callback: Committed): void {
    callback(this.full ? new IsthmusError('STORE', 'no space') : undefined);
  }
}

test('nothing is acknowledged that could not be stored', async (t) => {
  const store = new FullStore();
  const test = await TestBroker.start(t, { store });
  const device = await test.link('device');
  const app = await TestClient.connect(test.url, 'app');
  store.full = true;
  await t.throwsAsync(device.publish('a', 'x', { qos: 1 }), { code: 'UNAVAILABLE' });
  await t.notThrowsAsync(device.publish('a', 'x', { qos: 0 }));
  const closed = app.closed();
  app.mqtt.publish('a', 'x', { qos: 1 }, () => t.fail('acknowledged'));
  await closed;
  store.full = false;
  await t.notThrowsAsync(device.publish('a', 'x', { qos: 1 }));
});
