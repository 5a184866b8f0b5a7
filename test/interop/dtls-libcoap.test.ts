import test from 'ava';
import { certificates, keys } from '../vectors/dtls-certificates.js';
import { mutual, pemFolder, pskCredentials, startDtls } from './dtls-support.js';
import { installed, run } from './support.js';

for (const program of ['coap-client-openssl', 'coap-client-gnutls']) {
  test(`${program} with a pre-shared key`, async (t) => {
    if (!installed(t, program)) return;
    const endpoint = await startDtls(t, pskCredentials);
    const uri = `coaps://127.0.0.1:${endpoint.port}/x`;
    const { output } = await run(t, program, ['-B', '5', '-u', 'dev1', '-k', 'secretPSK', uri]);
    t.regex(output, /hello/);
    t.deepEqual(endpoint.identities[0], { kind: 'psk', identity: 'dev1' });
  });

  test(`${program} with a pre-shared key and the shortest tag`, async (t) => {
    if (!installed(t, program)) return;
    const endpoint = await startDtls(t, pskCredentials, { ciphers: ['PSK-AES128-CCM8'] });
    const uri = `coaps://127.0.0.1:${endpoint.port}/x`;
    const { output } = await run(t, program, ['-B', '5', '-u', 'dev1', '-k', 'secretPSK', uri]);
    t.regex(output, /hello/);
  });

  test(`${program} with certificates on both sides`, async (t) => {
    if (!installed(t, program)) return;
    const file = pemFolder(t);
    const endpoint = await startDtls(t, mutual);
    const own = ['-C', file('root.pem'), '-c', file('client.pem'), '-j', file('client.key')];
    const { output } = await run(t, program, ['-B', '5', ...own, `coaps://localhost:${endpoint.port}/x`]);
    t.regex(output, /hello/);
    t.like(endpoint.identities[0], { kind: 'x509', commonName: 'device-1' });
  });

  test(`${program} with a wrong key is refused`, async (t) => {
    if (!installed(t, program)) return;
    const endpoint = await startDtls(t, pskCredentials);
    const uri = `coaps://127.0.0.1:${endpoint.port}/x`;
    const { output } = await run(t, program, ['-B', '3', '-u', 'dev1', '-k', 'wrong', uri]);
    t.notRegex(output, /hello/);
    t.true(endpoint.log.lines.some((line) => line.includes('"wrong key"')));
  });
}

test('coap-client-openssl over RSA', async (t) => {
  if (!installed(t, 'coap-client-openssl')) return;
  const file = pemFolder(t);
  const endpoint = await startDtls(t, { key: keys.rsa, certificate: certificates.rsa });
  const uri = `coaps://localhost:${endpoint.port}/x`;
  const { output } = await run(t, 'coap-client-openssl', ['-B', '5', '-R', file('rsa.pem'), uri]);
  t.regex(output, /hello/);
});
