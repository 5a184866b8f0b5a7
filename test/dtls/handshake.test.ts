import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import test from 'ava';
import { alerts } from '#src/dtls/alert.js';
import { extensionTypes } from '#src/dtls/extensions.js';
import type { DtlsCredentials } from '#src/dtls/options.js';
import { suites } from '#src/dtls/suites.js';
import { certificates, keys } from '../vectors/dtls-certificates.js';
import type { ClientOptions } from './client.js';
import { Harness, psk, pskCredentials } from './harness.js';

const der = (name: keyof typeof certificates): Buffer => new X509Certificate(certificates[name]).raw;
const spki = (pem: string): Buffer => createPublicKey(pem).export({ type: 'spki', format: 'der' });

const server: DtlsCredentials = { key: keys.server, certificate: certificates.server };
const mutual: DtlsCredentials = { ...server, ca: certificates.root, verify: true, failIfNoPeerCert: true };
const ecdsa = [0xc0ae];

const withCertificate = (name: keyof typeof keys, ...chain: (keyof typeof certificates)[]): Partial<ClientOptions> => ({
  suites: ecdsa,
  key: createPrivateKey(keys[name]),
  chain: [der(name), ...chain.map(der)],
});

const warnings = ({ log }: Harness): string[] => log.lines.filter((line) => line.startsWith('warn'));

for (const suite of suites) {
  for (const extendedMasterSecret of [true, false]) {
    test(`${suite.name}${extendedMasterSecret ? ', extended master secret' : ''}: data goes both ways`, async (t) => {
      const rsa = suite.keyExchange === 'ecdhe_rsa';
      const own = rsa ? { key: keys.rsa, certificate: certificates.rsa } : server;
      const harness = await Harness.start({ credentials: { ...pskCredentials, ...own } });
      const client = harness.connected({ suites: [suite.id], extendedMasterSecret });
      t.true(client.established);
      client.write('ping');
      t.deepEqual(client.received, [Buffer.from('ping')]);
      t.is(client.serverExtensions.has(extensionTypes.extendedMasterSecret), extendedMasterSecret);
      client.write('');
      t.is(client.received.length, 2);
    });
  }
}

for (const group of [23, 24, 29]) {
  test(`group ${group}`, async (t) => {
    const harness = await Harness.start();
    t.true(harness.connected({ suites: [0xd003], groups: [group] }).established);
  });
}

test('the server prefers by its own order, and only what it has a credential for', async (t) => {
  const offered = [0xc0a8, 0x00a8, 0xc02b, 0xc0ae, 0xd001, 0x00ff];
  const both = await Harness.start({ credentials: { ...pskCredentials, ...server } });
  t.is(both.connected({ suites: offered }).suite?.id, 0xc02b);
  const onlyPsk = await Harness.start();
  t.is(onlyPsk.connected({ suites: offered }).suite?.id, 0xd001);
  const listed = await Harness.start({ ciphers: ['PSK-AES128-CCM8', 'TLS_PSK_WITH_AES_128_GCM_SHA256'] });
  t.is(listed.connected({ suites: offered }).suite?.id, 0xc0a8);
});

test('a suite is passed over when its group or signature is missing', async (t) => {
  const harness = await Harness.start({ credentials: { ...pskCredentials, ...server } });
  t.is(harness.connected({ suites: [0xc02b, 0xc0a8], groups: [29] }).suite?.id, 0xc0a8);
  const noEcdsa = new Map([[extensionTypes.signatureAlgorithms, Buffer.from('00020401', 'hex')]]);
  t.is(harness.connected({ suites: [0xc02b, 0xc0a8], extensions: noEcdsa }, 'b:1').suite?.id, 0xc0a8);
});

test('identity and endpoint of a key reach the peer', async (t) => {
  const lookup = (): { key: Buffer; endpoint: string } => ({ key: psk, endpoint: 'ep1' });
  const harness = await Harness.start({ credentials: { psk: { lookup } } });
  harness.connected({ identity: Buffer.from('00ff', 'hex') }).write('x');
  t.deepEqual(harness.delivered[0]?.peer.identity, { kind: 'psk', identity: '0x00ff', endpoint: 'ep1' });
});

test('a key may be looked up later; what arrives meanwhile waits', async (t) => {
  const harness = await Harness.start({ credentials: { psk: { lookup: () => Promise.resolve({ key: psk }) } } });
  const client = harness.connected();
  t.false(client.established);
  await new Promise((resolve) => setImmediate(resolve));
  t.true(client.established);
});

test('a wrong key and an unknown identity look the same to the client, not in the log', async (t) => {
  const harness = await Harness.start();
  const wrong = harness.connected({ psk: Buffer.from('wrong') });
  const unknown = harness.connected({ identity: 'nobody' }, '192.0.2.2:1');
  t.deepEqual(wrong.alerts, [alerts.decrypt_error]);
  t.deepEqual(unknown.alerts, [alerts.decrypt_error]);
  t.deepEqual(warnings(harness), [
    'warn DTLS handshake refused {"peer":"192.0.2.1:5000","reason":"wrong key","alert":"decrypt_error","identity":"dev1"}',
    'warn DTLS handshake refused {"peer":"192.0.2.2:1","reason":"unknown PSK identity","alert":"decrypt_error","identity":"nobody"}',
  ]);
  t.is(harness.server.sessions, 0);
});

test('an unknown identity is told when asked for', async (t) => {
  const harness = await Harness.start({ tellUnknownIdentity: true });
  t.deepEqual(harness.connected({ identity: 'nobody' }).alerts, [alerts.unknown_psk_identity]);
});

test('a client certificate becomes the identity', async (t) => {
  const harness = await Harness.start({ credentials: mutual });
  const client = harness.connected(withCertificate('client'));
  client.write('x');
  const identity = harness.delivered[0]?.peer.identity;
  t.like(identity, { kind: 'x509', commonName: 'device-1', subject: 'O=Acme, CN=device-1' });
});

test('a chain over an intermediate authority is followed', async (t) => {
  const harness = await Harness.start({ credentials: mutual });
  t.true(harness.connected(withCertificate('viaIntermediate', 'intermediate', 'root')).established);
  t.true(harness.connected(withCertificate('viaIntermediate', 'intermediate'), 'b:1').established);
});

const refused: [string, Partial<ClientOptions>, keyof typeof alerts, string][] = [
  ['expired', withCertificate('expired'), 'certificate_expired', 'expired'],
  ['of another authority', withCertificate('untrusted', 'root'), 'unknown_ca', 'not signed by a trusted authority'],
  ['for servers only', withCertificate('wrongUse'), 'unsupported_certificate', 'not for clients'],
  ['whose issuer is no authority', withCertificate('viaNotCa', 'notCa'), 'unknown_ca', 'not signed by a trusted'],
  ['deeper than allowed', withCertificate('viaSubCa', 'subCa', 'intermediate'), 'unknown_ca', 'allows only 0'],
  ['missing', { suites: ecdsa }, 'handshake_failure', 'no certificate'],
  ['unreadable', { suites: ecdsa, chain: [Buffer.alloc(40)] }, 'bad_certificate', 'cannot be read'],
  ['not proven', { ...withCertificate('client'), skipVerify: true }, 'unexpected_message', ''],
  [
    'proven with another key',
    { ...withCertificate('client'), key: createPrivateKey(keys.server) },
    'decrypt_error',
    'cannot prove',
  ],
];

for (const [what, options, alert, reason] of refused) {
  test(`a client certificate that is ${what} is refused, and the log says why`, async (t) => {
    const harness = await Harness.start({ credentials: mutual });
    const client = harness.connected(options);
    t.false(client.established);
    if (alert === 'unexpected_message') {
      // Finished is not taken while the proof is awaited: nothing comes, until time is up.
      harness.clock.advance(61_000);
      t.true(harness.log.lines.some((line) => line.includes('no certificate verify came in time')));
    } else {
      t.deepEqual(client.alerts, [alerts[alert]]);
      const [line = '', ...more] = warnings(harness);
      t.true(line.startsWith('warn DTLS handshake refused') && line.includes(reason), line);
      t.deepEqual(more, []);
    }
    t.is(harness.server.sessions, 0);
  });
}

test('a client without certificate may come in when none is required', async (t) => {
  const harness = await Harness.start({ credentials: { ...mutual, failIfNoPeerCert: false } });
  const client = harness.connected({ suites: ecdsa });
  client.write('x');
  t.is(harness.delivered[0]?.peer.identity, undefined);
});

test('raw public keys on both sides', async (t) => {
  const trusted = createPublicKey(keys.client).export({ type: 'spki', format: 'pem' }).toString();
  const credentials = {
    key: keys.server,
    trustedKeys: [{ key: trusted, endpoint: 'ep7' }],
    verify: true,
    failIfNoPeerCert: true,
  };
  const harness = await Harness.start({ credentials });
  const own = { suites: ecdsa, key: createPrivateKey(keys.client), rawPublicKey: spki(keys.client) };
  harness.connected(own).write('x');
  t.like(harness.delivered[0]?.peer.identity, { kind: 'rpk', endpoint: 'ep7' });
  const stranger = { suites: ecdsa, key: createPrivateKey(keys.untrusted), rawPublicKey: spki(keys.untrusted) };
  t.deepEqual(harness.connected(stranger, 'b:1').alerts, [alerts.certificate_unknown]);
  t.deepEqual(harness.connected({ suites: ecdsa }, 'c:1').alerts, [alerts.handshake_failure]);
});

test('refusals of hellos', async (t) => {
  const harness = await Harness.start();
  const refusal = (extensions: [number, string][], suiteIds = [0xc0a8]): number[] => {
    const map = new Map(extensions.map(([type, data]) => [type, Buffer.from(data, 'hex')] as const));
    return harness.connected({ suites: suiteIds, extensions: map }).alerts;
  };
  t.deepEqual(refusal([], [0xc027]), [alerts.handshake_failure]);
  t.deepEqual(refusal([[extensionTypes.renegotiationInfo, '0401020304']]), [alerts.handshake_failure]);
  t.deepEqual(refusal([[extensionTypes.maxFragmentLength, '05']]), [alerts.illegal_parameter]);
  t.deepEqual(refusal([[extensionTypes.recordSizeLimit, '003f']]), [alerts.illegal_parameter]);
  t.deepEqual(refusal([[extensionTypes.connectionId, '05aa']]), [alerts.decode_error]);
  t.is(harness.server.sessions, 0);
});

test('max_fragment_length and record_size_limit are kept to', async (t) => {
  const harness = await Harness.start({ credentials: mutual });
  const small = new Map([[extensionTypes.maxFragmentLength, Buffer.from([1])]]);
  const client = harness.client({ ...withCertificate('client'), extensions: small });
  const peer = harness.peer(client, '192.0.2.1:5000');
  const longest: number[] = [];
  peer.onDatagram = (datagram) => longest.push(datagram.length);
  client.start();
  t.true(client.established);
  client.write(Buffer.alloc(500));
  t.is(client.received.length, 1);
  harness.delivered[0]?.peer.send(Buffer.alloc(513));
  t.is(client.received.length, 1);
  t.is(harness.count('unsent'), 1);
  // Longer ones from the client are discarded and counted; the session goes on.
  client.write(Buffer.alloc(513));
  t.is(harness.delivered.length, 1);
  t.is(harness.count('oversized_records'), 1);
  client.write(Buffer.alloc(512));
  t.is(client.received.length, 2);
  const limit = new Map([[extensionTypes.recordSizeLimit, Buffer.from([1, 0])]]);
  const other = harness.connected({ ...withCertificate('client'), extensions: limit }, 'b:1');
  t.true(other.established);
  t.is(other.serverExtensions.get(extensionTypes.recordSizeLimit)?.readUInt16BE(0), 16_384);
  harness.echo = false;
  for (const length of [16_385, 16_384, 257]) other.write(Buffer.alloc(length));
  t.deepEqual(
    harness.delivered.slice(2).map(({ data }) => data.length),
    [16_384, 257],
  );
  t.is(harness.count('oversized_records'), 2);
});

test('a certificate that does not fit a small datagram goes in pieces', async (t) => {
  const harness = await Harness.start({ credentials: mutual, mtu: 300 });
  const client = harness.client({ ...withCertificate('client'), mtu: 200 });
  client.start();
  t.true(client.established);
});
