import test from 'ava';
import { extensionTypes } from '#src/dtls/extensions.js';
import { contentTypes } from '#src/dtls/record.js';
import { MemoryPeer } from '../support/memory-port.js';
import { Harness } from './harness.js';

const cid = Buffer.from('ccdd', 'hex');
const none = Buffer.alloc(0);

for (const [what, client, server] of [
  ['both ways', cid, 8],
  ['only to the server', none, 8],
  ['only to the client', cid, 0],
  ['neither way, though understood', none, 0],
  ['of the greatest length', Buffer.alloc(32, 7), 32],
] as const) {
  test(`connection ids ${what}`, async (t) => {
    const harness = await Harness.start({ cidLength: server });
    const device = harness.connected({ cid: client });
    t.true(device.established);
    t.is(device.serverCid.length, server);
    device.padding = 5;
    device.write('one');
    device.write('');
    t.deepEqual(device.received.map(String), ['one', '']);
  });
}

test('a connection id of the client that is too long is as if not offered', async (t) => {
  const harness = await Harness.start();
  const device = harness.connected({ cid: Buffer.alloc(33) });
  t.false(device.serverExtensions.has(extensionTypes.connectionId));
  t.true(device.established);
});

test('drafts of the extension are not answered', async (t) => {
  const harness = await Harness.start();
  const device = harness.connected({ extensions: new Map([[53, Buffer.from([1, 9])], [254, Buffer.from([1, 9])]]) }); // biome-ignore format: one line
  t.true(device.established);
  t.false(device.serverExtensions.has(53) || device.serverExtensions.has(254));
});

test('a session moves with its newest authentic record, and with nothing else', async (t) => {
  const harness = await Harness.start();
  const device = harness.connected({ cid });
  device.write('here');
  const before = harness.delivered[0]?.peer;
  const record = (data: string): Buffer => device.sealed(contentTypes.applicationData, Buffer.from(data));
  const old = record('old');
  const genuine = record('new place');
  const thief = new MemoryPeer('203.0.113.9:666');
  const forged = Buffer.from(genuine);
  forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
  harness.port.deliver(forged, thief);
  t.is(before?.address, '192.0.2.1:5000');
  const moved = harness.peer(device, '192.0.2.77:7');
  harness.port.deliver(genuine, moved);
  t.is(harness.delivered.at(-1)?.peer, before);
  t.is(before?.address, '192.0.2.77:7');
  t.is(device.received.at(-1)?.toString(), 'new place');
  // Authentic, but overtaken: taken without moving.
  harness.port.deliver(old, thief);
  t.is(harness.delivered.at(-1)?.data.toString(), 'old');
  t.is(before?.address, '192.0.2.77:7');
  // Replayed from elsewhere.
  harness.port.deliver(genuine, thief);
  t.is(before?.address, '192.0.2.77:7');
  t.is(harness.count('moved'), 1);
  t.is(thief.received.length, 0);
});

test('without connection id a record from elsewhere is nobody’s', async (t) => {
  const harness = await Harness.start();
  const device = harness.connected();
  const stray = device.sealed(contentTypes.applicationData, Buffer.from('x'));
  harness.port.deliver(stray, new MemoryPeer('203.0.113.9:1'));
  t.is(harness.delivered.length, 0);
  t.is(harness.count('stray_records'), 1);
});

test('a session with a connection id takes no record without it', async (t) => {
  const harness = await Harness.start();
  const device = harness.connected({ cid });
  const { serverCid } = device;
  device.serverCid = none;
  device.write('bare');
  t.is(harness.delivered.length, 0);
  device.serverCid = serverCid;
  device.write('x');
  t.is(harness.delivered.length, 1);
});

test('padding alone, and types that have no place inside, are dropped', async (t) => {
  const harness = await Harness.start();
  const device = harness.connected({ cid });
  for (const type of [0, contentTypes.changeCipherSpec, contentTypes.tls12Cid]) {
    device.raw(device.sealed(type, none));
  }
  t.is(harness.count('forged_records'), 3);
  device.write('x');
  t.is(harness.delivered.length, 1);
});

test('another device at the address of a session that can be found by its id leaves it alone', async (t) => {
  const harness = await Harness.start({
    credentials: { psk: { lookup: () => ({ key: Buffer.from('secretPSK') }) } },
  });
  const first = harness.connected({ cid, identity: 'a' });
  harness.connected({ cid, identity: 'b' });
  t.is(harness.server.sessions, 2);
  first.write('still here');
  t.is(harness.delivered.length, 1);
  harness.connected({ cid, identity: 'b' });
  harness.connected({ cid, identity: 'b' });
  t.true(harness.ended.includes('replaced by a new handshake'));
});
