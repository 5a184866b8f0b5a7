import test from 'ava';
import { alerts } from '#src/dtls/alert.js';
import type { Psk, PskSource } from '#src/dtls/options.js';
import type { TestClient } from './client.js';
import { Harness, psk } from './harness.js';

const saved = (client: TestClient) => ({ sessionId: client.sessionId, master: Buffer.from(client.master) });

test('a session is resumed by its id, with its identity', async (t) => {
  const harness = await Harness.start();
  const first = harness.connected({ cid: Buffer.from('aa', 'hex') });
  const again = harness.connected({ resume: saved(first), cid: Buffer.from('bb', 'hex') }, '192.0.2.9:9');
  t.true(again.established && again.resumed);
  t.notDeepEqual(again.serverCid, first.serverCid);
  again.write('back');
  t.deepEqual(harness.delivered[0]?.peer.identity, { kind: 'psk', identity: 'dev1' });
  t.is(again.received[0]?.toString(), 'back');
  t.is(harness.count('resumed'), 1);
});

test('an unknown or outlived id leads to a full handshake', async (t) => {
  const harness = await Harness.start({ limits: { resumableMs: 1000 } });
  const first = harness.connected();
  const unknown = harness.connected({ sessionId: Buffer.alloc(32) }, 'b:1');
  t.true(unknown.established && !unknown.resumed);
  harness.clock.advance(1001);
  const late = harness.connected({ resume: saved(first) }, 'c:1');
  t.true(late.established && !late.resumed);
});

test('resumption keeps to the extended master secret', async (t) => {
  const harness = await Harness.start();
  const extended = harness.connected();
  const without = harness.connected({ resume: saved(extended), extendedMasterSecret: false }, 'b:1');
  t.deepEqual(without.alerts, [alerts.handshake_failure]);
  const plain = harness.connected({ extendedMasterSecret: false }, 'c:1');
  const again = harness.connected({ resume: saved(plain), extendedMasterSecret: false }, 'd:1');
  t.true(again.established && !again.resumed);
});

test('a client that resumes without the secret is refused', async (t) => {
  const harness = await Harness.start();
  const first = harness.connected();
  const thief = harness.connected({ resume: { sessionId: first.sessionId, master: Buffer.alloc(48) } }, 'b:1');
  t.false(thief.established);
  t.is(harness.server.sessions, 1);
});

test('close_notify keeps a session resumable, a fatal alert does not', async (t) => {
  const harness = await Harness.start();
  for (const [alert, resumed] of [
    [Buffer.from([1, 0]), true],
    [Buffer.from([2, 80]), false],
  ] as const) {
    const client = harness.connected();
    client.raw(client.sealed(21, alert));
    t.is(harness.server.sessions, 0);
    t.is(harness.connected({ resume: saved(client) }).resumed, resumed);
    harness.server.close(harness.delivered[0]?.peer ?? { key: '', address: '', send: () => {} });
    const last = harness.connected();
    last.raw(last.sealed(21, Buffer.from([1, 0])));
  }
});

test('a revoked key ends sessions and resumption', async (t) => {
  let tell: (identities: readonly Buffer[]) => void = () => {};
  const source: PskSource = {
    lookup: (): Psk => ({ key: psk }),
    onRevoked: (listener) => {
      tell = listener;
    },
  };
  const harness = await Harness.start({ credentials: { psk: source } });
  const one = harness.connected({ identity: 'one' });
  harness.connected({ identity: 'two' }, 'b:1');
  tell([Buffer.from('one')]);
  t.is(harness.server.sessions, 1);
  t.deepEqual(harness.ended, ['its key was revoked']);
  t.deepEqual(one.alerts, [alerts.close_notify]);
  t.false(harness.connected({ resume: saved(one) }).resumed);
});

test('the cache forgets the oldest and overwrites its secret', async (t) => {
  const harness = await Harness.start({ limits: { resumable: 1 } });
  const first = harness.connected();
  const second = harness.connected({}, 'b:1');
  t.false(harness.connected({ resume: saved(first) }, 'c:1').resumed);
  t.false(harness.connected({ resume: saved(second) }, 'd:1').resumed);
});
