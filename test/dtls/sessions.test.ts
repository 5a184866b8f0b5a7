import test from 'ava';
import { alerts } from '#src/dtls/alert.js';
import { encodeMessage } from '#src/dtls/handshake-message.js';
import { contentTypes, encodePlainRecord } from '#src/dtls/record.js';
import { MemoryPeer } from '../support/memory-port.js';
import { Harness, psk } from './harness.js';

const data = (text: string): [number, Buffer] => [contentTypes.applicationData, Buffer.from(text)];

test('replayed and forged records are dropped, and change nothing', async (t) => {
  const harness = await Harness.start();
  const device = harness.connected();
  const record = device.sealed(...data('once'));
  device.raw(record);
  device.raw(record);
  t.is(harness.delivered.length, 1);
  t.is(harness.count('replayed_records'), 1);
  // A forged number far ahead must not move the window past genuine records.
  const forged = Buffer.from(device.sealed(...data('forged')));
  forged.writeUIntBE(2 ** 48 - 1, 5, 6);
  device.raw(forged);
  t.is(harness.count('forged_records'), 1);
  device.write('genuine');
  t.is(harness.delivered.at(-1)?.data.toString(), 'genuine');
});

test('records within 64 of the newest are taken in any order, older ones not', async (t) => {
  const harness = await Harness.start();
  const device = harness.connected();
  const records = Array.from({ length: 70 }, (_, index) => device.sealed(...data(String(index))));
  for (const record of records.toReversed()) device.raw(record);
  t.is(harness.delivered.length, 64);
  t.is(harness.delivered.at(-1)?.data.toString(), '6');
});

test('several records in a datagram; rubbish behind them is dropped', async (t) => {
  const harness = await Harness.start();
  const device = harness.connected();
  device.raw(Buffer.concat([device.sealed(...data('a')), device.sealed(...data('b')), Buffer.from('rubbish')]));
  t.deepEqual(
    harness.delivered.map(({ data }) => data.toString()),
    ['a', 'b'],
  );
});

test('plain records do nothing to a session', async (t) => {
  const harness = await Harness.start();
  const device = harness.connected();
  device.raw(encodePlainRecord(contentTypes.alert, 0xfefd, 99, Buffer.from([2, 40])));
  device.raw(encodePlainRecord(contentTypes.alert, 0xfefd, 99, Buffer.from([1, 0])));
  device.raw(encodePlainRecord(contentTypes.applicationData, 0xfefd, 99, Buffer.from('plain')));
  device.raw(encodePlainRecord(contentTypes.changeCipherSpec, 0xfefd, 99, Buffer.from([1])));
  t.is(harness.delivered.length, 0);
  device.write('x');
  t.is(harness.delivered.length, 1);
});

test('renegotiation is declined, and the session goes on', async (t) => {
  const harness = await Harness.start();
  const device = harness.connected();
  const hello = encodeMessage(1, 0, device.helloBody(Buffer.alloc(0)));
  device.raw(device.sealed(contentTypes.handshake, hello));
  t.deepEqual(device.alerts, [alerts.no_renegotiation]);
  device.write('x');
  t.is(device.received.length, 1);
});

test('close_notify is answered; afterwards nothing is sent or taken, and the keys are gone', async (t) => {
  const harness = await Harness.start();
  const device = harness.connected();
  device.write('x');
  const peer = harness.delivered[0]?.peer;
  device.raw(device.sealed(contentTypes.alert, Buffer.from([1, alerts.close_notify])));
  t.deepEqual(device.alerts, [alerts.close_notify]);
  t.deepEqual(harness.ended, ['the peer said close_notify']);
  peer?.send(Buffer.from('late'));
  device.write('late');
  t.is(device.received.length, 1);
  t.is(harness.delivered.length, 1);
  t.is(harness.count('unsent'), 1);
});

test('close from this side, and stop, tell the device', async (t) => {
  const harness = await Harness.start();
  const one = harness.connected();
  const two = harness.connected({}, 'b:1');
  one.write('x');
  const peer = harness.delivered[0]?.peer;
  t.is(harness.server.peerAt(peer?.key ?? ''), peer);
  if (peer !== undefined) harness.server.close(peer);
  t.deepEqual(one.alerts, [alerts.close_notify]);
  await harness.server.stop();
  await harness.server.stop();
  t.deepEqual(two.alerts, [alerts.close_notify]);
});

test('a new handshake from the address of a session replaces it only when it is complete', async (t) => {
  const harness = await Harness.start();
  const old = harness.connected();
  old.write('1');
  // Anybody who can answer at the address may begin, but not finish without the key.
  const intruder = harness.client({ psk: Buffer.from('wrong') });
  intruder.start();
  t.false(intruder.established);
  old.write('2');
  t.is(harness.delivered.length, 2);
  const half = harness.client();
  half.heldFlight = [];
  half.start();
  old.write('3');
  t.is(harness.delivered.length, 3);
  const again = harness.connected();
  t.true(again.established);
  t.deepEqual(harness.ended, ['replaced by a new handshake']);
  t.is(harness.server.sessions, 1);
  again.write('4');
  t.is(harness.delivered.length, 4);
  t.not(harness.delivered[0]?.peer.key, harness.delivered[3]?.peer.key);
});

test('too many forged records end a session', async (t) => {
  const harness = await Harness.start({ limits: { forgedRecords: 10 } });
  const device = harness.connected();
  for (let i = 0; i < 10; i++) {
    const record = Buffer.from(device.sealed(...data('x')));
    record[record.length - 1] = (record.at(-1) ?? 0) ^ 0xff;
    device.raw(record);
  }
  t.deepEqual(harness.ended, ['too many forged records']);
});

test('the session silent for longest gives way once it is stale', async (t) => {
  const harness = await Harness.start({ limits: { sessions: 2, staleMs: 1000 } });
  harness.connected({}, 'a:1');
  const second = harness.connected({}, 'b:1');
  const third = harness.connected({}, 'c:1');
  t.false(third.established);
  third.stop();
  harness.clock.advance(1500);
  second.write('x');
  t.true(harness.connected({}, 'd:1').established);
  t.deepEqual(harness.ended, ['silent for longest when there were too many']);
  second.write('y');
  t.is(harness.delivered.length, 2);
});

test('sessions silent for too long end', async (t) => {
  const harness = await Harness.start({ limits: { idleMs: 3600_000 } });
  harness.connected({}, 'a:1');
  const busy = harness.connected({}, 'b:1');
  for (let minute = 0; minute < 90; minute += 10) {
    harness.clock.advance(600_000);
    busy.write('x');
  }
  t.deepEqual(harness.ended, ['silent for too long']);
});

test('no secret is in a log, at any level', async (t) => {
  const harness = await Harness.start();
  const good = harness.connected({ cid: Buffer.from('ab', 'hex') });
  good.write('application data');
  harness.connected({ psk: Buffer.from('wrong') }, 'b:1');
  good.raw(good.sealed(contentTypes.alert, Buffer.from([1, 0])));
  await harness.server.stop();
  const text = harness.log.lines.join('\n');
  t.true(text.includes('trace DTLS records came'));
  const keys = good.cipher?.keys ?? Buffer.alloc(0);
  const parts = [psk, good.master, keys.subarray(0, 16), keys.subarray(16, 32), Buffer.from('application data')];
  for (const part of parts) {
    for (const encoding of ['hex', 'base64', 'latin1'] as const) t.false(text.includes(part.toString(encoding)));
    t.false(text.includes(JSON.stringify([...part]).slice(1, -1)));
  }
});

test('strangers get no answer to what is not a hello', async (t) => {
  const harness = await Harness.start();
  const stranger = new MemoryPeer('203.0.113.5:5');
  for (const datagram of ['', '00', '16fefd', '17fefd00010000000000010003000000', '14fefd0000000000000000000101']) {
    harness.port.deliver(datagram, stranger);
  }
  t.is(stranger.received.length, 0);
});
