import { createPublicKey } from 'node:crypto';
import test from 'ava';
import type { DtlsCredentials, DtlsOptions } from '#src/dtls/options.js';
import { prepareSettings } from '#src/dtls/settings.js';
import { certificates, keys } from '../vectors/dtls-certificates.js';
import { Harness, pskCredentials } from './harness.js';

const server = { key: keys.server, certificate: certificates.server };
const prepare = (credentials: DtlsCredentials, more: Partial<DtlsOptions> = {}) =>
  prepareSettings({ name: 't', credentials, ...more });

test('only suites that have a credential remain', (t) => {
  const kinds = (credentials: DtlsCredentials) => [
    ...new Set(prepare(credentials).suites.map(({ keyExchange }) => keyExchange)),
  ];
  t.deepEqual(kinds(pskCredentials), ['ecdhe_psk', 'psk']);
  t.deepEqual(kinds(server), ['ecdhe_ecdsa']);
  t.deepEqual(kinds({ key: keys.rsa, certificate: certificates.rsa }), ['ecdhe_rsa']);
});

const faults: [string, DtlsCredentials, Partial<DtlsOptions>, string, RegExp][] = [
  ['no credential', {}, {}, 'CREDENTIALS', /no cipher suite has a credential/],
  ['old suites only', pskCredentials, { ciphers: ['PSK-AES128-CBC-SHA'] }, 'CIPHERS', /PSK-AES128-CBC-SHA/],
  ['suites without credential', server, { ciphers: ['PSK-AES128-CCM8'] }, 'CREDENTIALS', /no cipher suite has/],
  ['a key that is none', { key: 'not a key' }, {}, 'CREDENTIALS', /private key cannot be read/],
  ['a certificate that is none', { ...server, certificate: 'x' }, {}, 'CREDENTIALS', /server certificate/],
  ['a certificate alone', { certificate: certificates.server }, {}, 'CREDENTIALS', /without its private key/],
  ['key of another', { ...server, key: keys.client }, {}, 'CREDENTIALS', /does not belong/],
  ['verify without trust', { ...server, verify: true }, {}, 'CREDENTIALS', /no CA and no key is trusted/],
  ['bad CA', { ...server, verify: true, ca: 'x' }, {}, 'CREDENTIALS', /CA certificates/],
  [
    'bad trusted key',
    { ...server, verify: true, trustedKeys: [{ key: 'x' }] },
    {},
    'CREDENTIALS',
    /trusted public key/,
  ],
  ['long connection ids', pskCredentials, { cidLength: 33 }, 'CREDENTIALS', /33/],
];

for (const [what, credentials, more, code, message] of faults) {
  test(`${what}: refused before anything starts`, (t) => {
    t.throws(() => prepare(credentials, more), { code, message });
  });
}

test('a key without certificate is shown raw; with one only where keys are trusted, or when asked', (t) => {
  t.truthy(prepare({ key: keys.server }).serverKey?.rawPublicKey);
  t.is(prepare(server).serverKey?.rawPublicKey, undefined);
  t.truthy(prepare({ ...server, offerRawPublicKey: true }).serverKey?.rawPublicKey);
  const key = createPublicKey(keys.client).export({ type: 'spki', format: 'der' });
  t.truthy(prepare({ ...server, verify: true, trustedKeys: [{ key }] }).serverKey?.rawPublicKey);
});

test('ciphers that are left out are named when it starts', async (t) => {
  const harness = await Harness.start({ ciphers: ['PSK-AES128-CCM8', 'PSK-RC4-SHA'] });
  t.true(harness.log.lines.some((line) => line.startsWith('warn') && line.includes('PSK-RC4-SHA')));
});
