import { createECDH } from 'node:crypto';
import test from 'ava';
import { DecodeError } from '#src/core/errors.js';
import { additionalData, RecordCipher } from '#src/dtls/ciphers.js';
import { Handshake } from '#src/dtls/handshake.js';
import { decodeFragments, handshakeTypes } from '#src/dtls/handshake-message.js';
import { openHandshake, readHello } from '#src/dtls/handshake-opening.js';
import { decodeClientKeyExchange } from '#src/dtls/messages/client-key-exchange.js';
import { ecdhePskPremaster, pskPremaster } from '#src/dtls/premaster.js';
import { extendedMasterSecret, keyBlock, masterSecret } from '#src/dtls/prf.js';
import { type DtlsRecord, decodeRecords } from '#src/dtls/record.js';
import { ResumptionCache } from '#src/dtls/resumption.js';
import { prepareSettings } from '#src/dtls/settings.js';
import { suiteById } from '#src/dtls/suites.js';
import { clientHellos, type HandshakeVector, handshakeVectors, vectorPsk } from '../vectors/dtls-handshakes.js';
import { pskCredentials } from './harness.js';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

function required<T>(value: T | undefined | DecodeError): T {
  if (value === undefined || value instanceof DecodeError) throw new Error('missing');
  return value;
}

const cidLengthIn = (datagrams: readonly string[]): number => {
  const record = datagrams.map((datagram) => /19fefd0001\w{12}(c1d2c3d4|ccdd)/.exec(datagram)?.[1]).find(Boolean);
  return (record?.length ?? 0) / 2;
};

function sealedRecords(vector: HandshakeVector): { record: DtlsRecord; side: 'client' | 'server' }[] {
  const { fromClient, fromServer } = vector;
  const from = (datagrams: readonly string[], side: 'client' | 'server') =>
    datagrams
      .flatMap((datagram) => decodeRecords(hex(datagram), cidLengthIn(datagrams)))
      .filter((record) => record.epoch === 1)
      .map((record) => ({ record, side }));
  const [finished, ...data] = from(fromClient, 'client');
  return [required(finished), ...from(fromServer, 'server'), ...data];
}

for (const vector of handshakeVectors) {
  const suite = required(suiteById(vector.suite));

  test(`${vector.name}: secrets`, (t) => {
    const [clientRandom, serverRandom] = [hex(vector.clientRandom), hex(vector.serverRandom)];
    const shared = vector.shared === undefined ? undefined : hex(vector.shared);
    if (suite.keyExchange === 'psk') t.is(pskPremaster(vectorPsk).toString('hex'), vector.premaster);
    if (suite.keyExchange === 'ecdhe_psk') {
      t.is(ecdhePskPremaster(required(shared), vectorPsk).toString('hex'), vector.premaster);
    }
    const premaster = hex(vector.premaster);
    const master =
      vector.sessionHash === undefined
        ? masterSecret('sha256', premaster, clientRandom, serverRandom)
        : extendedMasterSecret('sha256', premaster, hex(vector.sessionHash));
    t.is(master.toString('hex'), vector.master);
    t.is(keyBlock(suite, master, clientRandom, serverRandom).toString('hex'), vector.keyBlock);
  });

  test(`${vector.name}: records open, and seal to the same bytes`, (t) => {
    const records = sealedRecords(vector);
    t.is(records.length, vector.opened.length);
    for (const [index, { record, side }] of records.entries()) {
      const expected = required(vector.opened[index]);
      const reader = new RecordCipher(suite, hex(vector.keyBlock), side === 'client' ? 'server' : 'client');
      const plain = required(reader.open(record));
      const length = expected.plaintext.length / 2;
      t.is(additionalData(record.type, 1, record.sequence, record.cid, length).toString('hex'), expected.aad);
      t.true(expected.plaintext.startsWith(plain.content.toString('hex')));
      const writer = new RecordCipher(suite, hex(vector.keyBlock), side);
      const padding = record.cid.length > 0 ? length - plain.content.length - 1 : 0;
      const again = writer.seal(plain.type, 1, record.sequence, plain.content, record.cid, padding);
      t.true(again.subarray(13 + record.cid.length).equals(record.fragment));
    }
  });

  if (vector.ephemeral !== undefined) {
    const { ephemeral } = vector;
    test(`${vector.name}: the client's point gives the shared secret`, (t) => {
      const ecdh = createECDH('prime256v1');
      ecdh.setPrivateKey(hex(ephemeral));
      const fragments = vector.fromClient
        .flatMap((datagram) => decodeRecords(hex(datagram), 0))
        .filter((record) => record.type === 22 && record.epoch === 0)
        .flatMap((record) => decodeFragments(record.fragment));
      const message = required(fragments.find((fragment) => fragment.type === handshakeTypes.clientKeyExchange));
      const { point } = required(decodeClientKeyExchange(message.body, suite.keyExchange));
      t.is(ecdh.computeSecret(required(point)).toString('hex'), required(vector.shared));
    });
  }
}

// The server's half of these two is determined by its randoms, so it must come out byte for byte.
for (const [index, cid] of [
  [0, ''],
  [3, 'c1d2c3d4'],
] as const) {
  const vector = required(handshakeVectors[index]);

  test(`${vector.name}: the server answers with the recorded bytes`, (t) => {
    const [, cookieHello, ...rest] = vector.fromClient.map(hex);
    const [, flight4, flight6] = vector.fromServer;
    const sessionId = required(/([0-9a-f]{64})c0a80/.exec(required(flight4))?.[1]);
    const randoms: Record<number, Buffer[]> = { 32: [hex(vector.serverRandom), hex(sessionId)] };
    const random = (length: number): Buffer => randoms[length]?.shift() ?? Buffer.alloc(length);
    const received = required(readHello(required(decodeRecords(required(cookieHello), 0)[0])));
    const settings = prepareSettings({ name: 'v', credentials: pskCredentials });
    const context = { settings, random, resumption: new ResumptionCache(0), now: 0, newCid: () => hex(cid) };
    const opened = openHandshake(received, context);
    if ('alert' in opened) throw new Error(opened.reason);
    const handshake = new Handshake(opened);
    const sent: string[] = [];
    const step = (input: Parameters<Handshake['step']>[0]): void => {
      for (const effect of handshake.step(input, 0)) {
        if (effect.kind === 'send') sent.push(effect.datagram.toString('hex'));
        else if (effect.kind === 'lookup') step({ kind: 'psk', psk: { key: vectorPsk } });
      }
    };
    step({ kind: 'start' });
    for (const record of rest.flatMap((datagram) => decodeRecords(datagram, cid.length / 2))) {
      step({ kind: 'record', record });
    }
    t.deepEqual(sent, [flight4, flight6]);
  });
}

test('the hellos of many clients are read', (t) => {
  for (const [client, datagram] of clientHellos) {
    const [record] = decodeRecords(hex(datagram), 0);
    const received = readHello(required(record));
    t.truthy(received, client);
    t.is(received?.hello.version, 0xfefd, client);
  }
});
