import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { silentLog } from '#src/core/log.js';
import { readKeyFile } from '#src/dtls/key-file.js';
import { PersistentSessions, type SessionStore } from '#src/dtls/persistent-sessions.js';
import { openBox, sealBox } from '#src/dtls/sealed-box.js';
import { FakeClock } from '../support/fake-clock.js';
import type { TestClient } from './client.js';
import { Harness, psk } from './harness.js';

const key = randomBytes(32);
const cid = Buffer.from('ab', 'hex');

/** A store in memory of which a test can take a copy, as a crash would leave it. */
class MemoryStore implements SessionStore {
  values = new Map<string, Buffer>();
  failing = false;
  writes = 0;
  slow: (() => void)[] | undefined;

  /** Names of the sessions it holds. */
  get sessions(): string[] {
    return [...this.values.keys()].filter((name) => name !== 'generation');
  }

  async put(name: string, bytes: Buffer): Promise<void> {
    this.writes++;
    if (this.slow !== undefined) await new Promise<void>((resolve) => this.slow?.push(resolve));
    if (this.failing) throw new Error('disk full');
    this.values.set(name, Buffer.from(bytes));
  }

  async delete(name: string): Promise<void> {
    this.values.delete(name);
  }

  async *entries(): AsyncIterable<readonly [string, Buffer]> {
    yield* this.values;
  }

  copy(): MemoryStore {
    const copy = new MemoryStore();
    copy.values = new Map(this.values);
    return copy;
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function start(store: SessionStore, clock = new FakeClock(Date.UTC(2027, 0, 1)), boxKey = key): Promise<Harness> {
  const keeper = new PersistentSessions({ store, key: boxKey, clock, log: silentLog, random: randomBytes });
  return Harness.start({}, clock, keeper);
}

/** Joins a client to another endpoint, at an address of its choice. */
function rejoin(client: TestClient, harness: Harness, address: string): (data: string) => void {
  const peer = harness.peer(client, address);
  return (data) => harness.port.deliver(client.sealed(23, Buffer.from(data)), peer);
}

/** Explicit nonces of protected records the client was sent. */
function watchNonces(client: TestClient): Set<string> {
  const nonces = new Set<string>();
  const receive = client.receive.bind(client);
  client.receive = (datagram) => {
    const at = datagram[0] === 25 ? 13 + cid.length : 13;
    const nonce = datagram.subarray(at, at + 8).toString('hex');
    if (datagram.readUInt16BE(3) === 1) {
      if (nonces.has(nonce)) throw new Error(`nonce ${nonce} twice`);
      nonces.add(nonce);
    }
    receive(datagram);
  };
  return nonces;
}

test('after a clean stop a device with connection id goes on without a handshake', async (t) => {
  const store = new MemoryStore();
  const first = await start(store);
  const device = first.connected({ cid });
  const nonces = watchNonces(device);
  for (let i = 0; i < 5; i++) device.write(`before ${i}`);
  const replayed = device.sealed(23, Buffer.from('replayed'));
  device.raw(replayed);
  const before = first.delivered[0]?.peer;
  await settle();
  await first.server.stop();
  t.deepEqual(device.alerts, [], 'no close_notify: the session goes on');
  const second = await start(store, first.clock);
  t.is(second.server.sessions, 1);
  t.is(second.server.peerAt(before?.key ?? '')?.key, before?.key);
  const send = rejoin(device, second, '192.0.2.99:9');
  second.port.deliver(replayed, second.peer(device, '192.0.2.99:9'));
  t.is(second.delivered.length, 0);
  send('after');
  t.is(second.delivered[0]?.data.toString(), 'after');
  t.deepEqual(second.delivered[0]?.peer.identity, { kind: 'psk', identity: 'dev1' });
  t.is(device.received.at(-1)?.toString(), 'after');
  t.true(nonces.size >= 7);
});

test('a device without connection id goes on from the same address', async (t) => {
  const store = new MemoryStore();
  const first = await start(store);
  const device = first.connected();
  device.write('x');
  await settle();
  await first.server.stop();
  const second = await start(store, first.clock);
  rejoin(device, second, '192.0.2.1:5000')('after');
  t.is(device.received.at(-1)?.toString(), 'after');
});

test('after a crash, whenever it comes, no nonce is used twice', async (t) => {
  let store = new MemoryStore();
  let harness = await start(store);
  const device = harness.connected({ cid });
  const nonces = watchNonces(device);
  await settle();
  let sent = 0;
  for (let crash = 0; crash < 12; crash++) {
    const send = rejoin(device, harness, `192.0.2.1:${crash}`);
    for (let i = 0; i < 40 + crash * 130; i++) {
      send('x');
      sent++;
      if (i % 50 === 0) await settle();
    }
    if (crash % 3 === 0) harness.clock.advance(2500);
    // Crash: what is written by now is all there is; the old endpoint is simply forgotten.
    store = store.copy();
    harness = await start(store, harness.clock);
    t.is(harness.server.sessions, 1, `crash ${crash}`);
  }
  rejoin(device, harness, 'z:1')('last');
  t.is(harness.delivered.at(-1)?.data.toString(), 'last');
  t.is(device.received.length, sent + 1);
  t.true(nonces.size > sent);
});

test('after a crash what had been seen before the last write is not taken again', async (t) => {
  const store = new MemoryStore();
  const first = await start(store);
  const device = first.connected({ cid });
  await settle();
  const skipped = device.sealed(23, Buffer.from('skipped'));
  const seen = device.sealed(23, Buffer.from('seen'));
  device.raw(seen);
  first.clock.advance(2500);
  await settle();
  const second = await start(store.copy(), first.clock);
  const peer = second.peer(device, 'x:1');
  second.port.deliver(seen, peer);
  second.port.deliver(skipped, peer);
  t.is(second.delivered.length, 0);
  rejoin(device, second, 'x:1')('new');
  t.is(second.delivered.length, 1);
});

test('while the store does not answer, sealing stops at what is safe; when it does, it goes on', async (t) => {
  const store = new MemoryStore();
  const harness = await start(store);
  const device = harness.connected({ cid });
  await settle();
  harness.clock.advance(2500);
  await settle();
  store.slow = [];
  for (let i = 0; i < 3000; i++) device.write('x');
  t.true(device.received.length <= 1024);
  t.true(harness.count('unsent') > 1900);
  const { slow } = store;
  store.slow = undefined;
  for (const go of slow) go();
  await settle();
  const before = device.received.length;
  device.write('again');
  t.is(device.received.length, before + 1);
});

test('a store that fails makes a session fall silent at what is safe, and speak again when it works', async (t) => {
  const store = new MemoryStore();
  const harness = await start(store);
  const device = harness.connected({ cid });
  await settle();
  store.failing = true;
  for (let i = 0; i < 1500; i++) {
    device.write('x');
    if (i % 100 === 0) await settle();
  }
  t.true(device.received.length <= 1024);
  store.failing = false;
  harness.clock.advance(2500);
  await settle();
  const before = device.received.length;
  device.write('again');
  t.is(device.received.length, before + 1);
});

test('what has ended is not kept', async (t) => {
  const store = new MemoryStore();
  const harness = await start(store);
  const device = harness.connected({ cid });
  await settle();
  t.is(store.sessions.length, 1);
  device.raw(device.sealed(21, Buffer.from([1, 0])));
  await settle();
  t.is(store.sessions.length, 0);
});

test('a kept session can be resumed too', async (t) => {
  const store = new MemoryStore();
  const first = await start(store);
  const device = first.connected();
  await settle();
  await first.server.stop();
  const second = await start(store, first.clock);
  const again = second.connected({ resume: { sessionId: device.sessionId, master: device.master } }, 'b:1');
  t.true(again.resumed && again.established);
});

test('the store holds no key in the clear; another key file reads nothing and drops it', async (t) => {
  const store = new MemoryStore();
  const first = await start(store);
  const device = first.connected({ cid });
  await settle();
  const bytes = store.values.get(store.sessions[0] ?? '') ?? Buffer.alloc(0);
  for (const secret of [device.master, device.cipher?.keys.subarray(0, 16) ?? psk, Buffer.from('dev1')]) {
    t.false(bytes.includes(secret));
  }
  const second = await start(store, first.clock, randomBytes(32));
  t.is(second.server.sessions, 0);
  t.is(store.sessions.length, 0);
});

test('sessions silent for too long are not brought back', async (t) => {
  const store = new MemoryStore();
  const first = await start(store);
  first.connected({ cid });
  await settle();
  await first.server.stop();
  first.clock.advance(8 * 24 * 3600_000);
  t.is((await start(store, first.clock)).server.sessions, 0);
});

test('a session whose key is gone, or whose connection id has another length, does not come back', async (t) => {
  const store = new MemoryStore();
  const first = await start(store);
  first.connected({ cid });
  first.connected({}, 'b:1');
  await settle();
  await first.server.stop();
  const { clock } = first;
  const keeper = (from: SessionStore): PersistentSessions =>
    new PersistentSessions({ store: from, key, clock, log: silentLog, random: randomBytes });
  const longer = await Harness.start({ cidLength: 9 }, clock, keeper(store.copy()));
  t.is(longer.server.sessions, 1);
  const none = { psk: { lookup: () => undefined } };
  t.is((await Harness.start({ credentials: none }, clock, keeper(store))).server.sessions, 0);
  t.is(store.sessions.length, 0);
});

for (const [what, now] of [
  ['changed', { key: Buffer.from('another key') }],
  ['bound to a name', { key: psk, endpoint: 'other' }],
] as const) {
  test(`a key that was ${what} while the gateway was down ends its sessions, also for resumption`, async (t) => {
    const store = new MemoryStore();
    const first = await start(store);
    const device = first.connected({ cid });
    const resume = { sessionId: device.sessionId, master: Buffer.from(device.master) };
    first.connected({ cid, resume }, 'b:1');
    await settle();
    t.is(store.sessions.length, 2);
    await first.server.stop();
    const keeper = new PersistentSessions({ store, key, clock: first.clock, log: silentLog, random: randomBytes });
    const second = await Harness.start({ credentials: { psk: { lookup: () => now } } }, first.clock, keeper);
    t.is(second.server.sessions, 0);
    t.is(store.sessions.length, 0);
    t.false(second.connected({ resume, psk: now.key }, 'c:1').resumed);
  });
}

test('a start writes only that it was; sessions not heard of stay as they are, also over a stop', async (t) => {
  const store = new MemoryStore();
  let harness = await start(store);
  const device = harness.connected({ cid });
  const nonces = watchNonces(device);
  for (let i = 0; i < 5; i++) harness.connected({ cid }, `other:${i}`);
  await settle();
  await harness.server.stop();
  for (let round = 0; round < 6; round++) {
    store.writes = 0;
    harness = await start(store, harness.clock);
    t.is(store.writes, 1);
    // Nothing of this is written before the crash: each start has numbers of its own all the same.
    if (round % 2 === 0) for (let i = 0; i < 100; i++) rejoin(device, harness, `c:${round}`)('x');
    else await harness.server.stop();
    t.is(store.writes, 1, `round ${round}`);
  }
  t.is(nonces.size, 300);
});

test('without the count of starts no stored session is taken', async (t) => {
  const store = new MemoryStore();
  const first = await start(store);
  first.connected({ cid });
  await settle();
  store.values.delete('generation');
  t.is((await start(store, first.clock)).server.sessions, 0);
  t.is(store.sessions.length, 0);
});

test('a box opens only under its key and its name, unchanged', (t) => {
  const box = sealBox(key, 'a', Buffer.from('content'), randomBytes);
  t.is(openBox(key, 'a', box)?.toString(), 'content');
  t.is(openBox(key, 'b', box), undefined);
  t.is(openBox(randomBytes(32), 'a', box), undefined);
  for (let at = 0; at < box.length; at++) {
    const changed = Buffer.from(box);
    changed[at] = (changed[at] ?? 0) ^ 1;
    t.is(openBox(key, 'a', changed), undefined);
    t.is(openBox(key, 'a', box.subarray(0, at)), undefined);
  }
  t.false(sealBox(key, 'a', Buffer.from('content'), randomBytes).equals(box));
});

test('the key file is made for its owner alone, and refused when others may read it', async (t) => {
  const path = join(await mkdtemp(join(tmpdir(), 'isthmus-')), 'key');
  const made = await readKeyFile(path);
  t.is(made.length, 32);
  t.is((await stat(path)).mode & 0o777, 0o600);
  t.deepEqual(await readKeyFile(path), made);
  await chmod(path, 0o640);
  await t.throwsAsync(readKeyFile(path), { code: 'KEY_FILE', message: /0600/ });
  await chmod(path, 0o600);
  await writeFile(path, 'not a key');
  const error = await t.throwsAsync(readKeyFile(path), { code: 'KEY_FILE' });
  t.false(error?.message.includes(await readFile(path, 'utf8')));
});
