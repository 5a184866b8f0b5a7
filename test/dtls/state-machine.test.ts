import { createPrivateKey, X509Certificate } from 'node:crypto';
import test from 'ava';
import type { FlightItem } from '#src/dtls/flight.js';
import { encodeMessage, handshakeTypes as types } from '#src/dtls/handshake-message.js';
import type { DtlsCredentials } from '#src/dtls/options.js';
import { contentTypes, encodePlainRecord } from '#src/dtls/record.js';
import { certificates, keys } from '../vectors/dtls-certificates.js';
import type { ClientOptions, TestClient } from './client.js';
import { Harness, pskCredentials } from './harness.js';

// Every message, in every order: only the one legal sequence may lead to a session.

const mutual: DtlsCredentials = {
  key: keys.server,
  certificate: certificates.server,
  ca: certificates.root,
  verify: true,
  failIfNoPeerCert: true,
};
const withCertificate: Partial<ClientOptions> = {
  suites: [0xc0ae],
  key: createPrivateKey(keys.client),
  chain: [new X509Certificate(certificates.client).raw],
};

async function waiting(
  credentials: DtlsCredentials,
  options: Partial<ClientOptions>,
): Promise<{ harness: Harness; client: TestClient; items: FlightItem[] }> {
  const harness = await Harness.start({ credentials });
  const client = harness.client(options);
  client.heldFlight = [];
  client.start();
  return { harness, client, items: client.heldFlight };
}

function send(client: TestClient, item: FlightItem, sealed: boolean): void {
  const [type, content] =
    item.kind === 'changeCipherSpec'
      ? [contentTypes.changeCipherSpec, Buffer.from([1])]
      : [contentTypes.handshake, item.message];
  client.raw(sealed ? client.sealed(type, content) : client.plain(type, content));
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}

function subsets<T>(items: readonly T[]): T[][] {
  return items.reduce<T[][]>((sets, item) => [...sets, ...sets.map((set) => [...set, item])], [[]]);
}

for (const [name, credentials, options] of [
  ['pre-shared key', pskCredentials, {}],
  ['certificates', mutual, withCertificate],
] as const) {
  test(`${name}: no proper part of the client's flight leads to a session, in any order`, async (t) => {
    const { items } = await waiting(credentials, options);
    const count = items.length;
    for (const chosen of subsets([...items.keys()])) {
      if (chosen.length === count) continue;
      for (const order of permutations(chosen)) {
        const { harness, client, items } = await waiting(credentials, options);
        for (const index of order) {
          const item = items[index];
          if (item !== undefined) send(client, item, item.kind === 'message' && item.sealed);
        }
        t.is(harness.server.sessions, 0, order.join());
        t.false(client.established);
      }
    }
  });

  test(`${name}: the whole flight leads to a session in any order, as a network may change it`, async (t) => {
    const { items } = await waiting(credentials, options);
    for (const order of permutations([...items.keys()])) {
      const { harness, client, items } = await waiting(credentials, options);
      for (const index of order) {
        const item = items[index];
        if (item !== undefined) send(client, item, item.kind === 'message' && item.sealed);
      }
      t.is(harness.server.sessions, 1, order.join());
    }
  });

  test(`${name}: with one message at the wrong epoch there is no session`, async (t) => {
    const { items } = await waiting(credentials, options);
    for (const wrong of items.keys()) {
      const { harness, client, items } = await waiting(credentials, options);
      for (const [index, item] of items.entries()) {
        const right = item.kind === 'message' && item.sealed;
        send(client, item, index === wrong ? !right : right);
      }
      t.is(harness.server.sessions, 0, `${wrong}`);
    }
  });

  test(`${name}: any other message in any place leads to an alert or to nothing`, async (t) => {
    const { items } = await waiting(credentials, options);
    for (let place = 0; place < items.length; place++) {
      for (let type = 0; type < 26; type++) {
        const { harness, client, items } = await waiting(credentials, options);
        const instead = items[place];
        if (instead?.kind !== 'message' || instead.message[0] === type) continue;
        const seq = instead.message.readUInt16BE(4);
        for (const [index, item] of items.entries()) {
          const message = encodeMessage(type, seq, Buffer.alloc(index % 2 === 0 ? 0 : 12));
          const sent: FlightItem = index === place ? { kind: 'message', message, sealed: instead.sealed } : item;
          send(client, sent, sent.kind === 'message' && sent.sealed);
        }
        t.is(harness.server.sessions, 0, `${type} at ${place}`);
      }
    }
  });
}

test('before the cookie nothing but a hello is answered, and nothing is kept', async (t) => {
  const harness = await Harness.start();
  const client = harness.client();
  const before: Buffer[] = [];
  const peer = harness.peer(client, '192.0.2.1:5000');
  peer.onDatagram = (datagram) => before.push(datagram);
  for (const type of Object.values(types)) {
    for (const epoch of [0, 1]) {
      const record = encodePlainRecord(contentTypes.handshake, 0xfefd, 0, encodeMessage(type, 0, Buffer.alloc(60)));
      record.writeUInt16BE(epoch, 3);
      harness.port.deliver(record, peer);
    }
  }
  for (const type of [contentTypes.changeCipherSpec, contentTypes.alert, contentTypes.applicationData]) {
    harness.port.deliver(encodePlainRecord(type, 0xfefd, 0, Buffer.from([1])), peer);
  }
  t.deepEqual(before, []);
  t.deepEqual(harness.clock.waiting, ['dtls sweep']);
});

test('application data in plain text is never delivered', async (t) => {
  const { harness, client, items } = await waiting(pskCredentials, {});
  for (const item of items) {
    client.raw(client.plain(contentTypes.applicationData, Buffer.from('plain')));
    send(client, item, item.kind === 'message' && item.sealed);
  }
  client.raw(client.plain(contentTypes.applicationData, Buffer.from('plain')));
  t.is(harness.server.sessions, 1);
  t.is(harness.delivered.length, 0);
});

test('application data that overtakes the Finished is delivered after it', async (t) => {
  const { harness, client, items } = await waiting(pskCredentials, {});
  const [keyExchange, change, finished] = items;
  if (keyExchange === undefined || change === undefined || finished?.kind !== 'message') throw new Error('flight');
  const last = client.sealed(contentTypes.handshake, finished.message);
  const data = client.sealed(contentTypes.applicationData, Buffer.from('early'));
  client.raw(data);
  send(client, keyExchange, false);
  send(client, change, false);
  t.is(harness.delivered.length, 0);
  client.raw(last);
  t.is(harness.delivered[0]?.data.toString(), 'early');
});

test('a message may come in pieces, overlapping and in any order; pieces at odds are dropped', async (t) => {
  const { harness, client, items } = await waiting(mutual, withCertificate);
  const [certificate, ...rest] = items;
  if (certificate?.kind !== 'message') throw new Error('flight');
  const { message } = certificate;
  const body = message.subarray(12);
  const piece = (from: number, to: number, length = body.length): Buffer => {
    const header = Buffer.from(message.subarray(0, 12));
    header.writeUIntBE(length, 1, 3);
    header.writeUIntBE(from, 6, 3);
    header.writeUIntBE(to - from, 9, 3);
    return Buffer.concat([header, body.subarray(from, to)]);
  };
  const pieces = [piece(200, body.length), piece(50, 150), piece(0, 10, 40), piece(100, 220), piece(0, 60)];
  for (const content of pieces) client.raw(client.plain(contentTypes.handshake, content));
  for (const item of rest) send(client, item, item.kind === 'message' && item.sealed);
  t.is(harness.server.sessions, 1);
});
