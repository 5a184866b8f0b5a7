import test from 'ava';
import { mutual, pemFolder, pskCredentials, pskHex, startDtls, until } from './dtls-support.js';
import { freeUdpPort, installed, Running } from './support.js';

test('wakaama on tinydtls registers with a pre-shared key', async (t) => {
  if (!installed(t, 'lwm2mclient_tinydtls')) return;
  const endpoint = await startDtls(t, pskCredentials);
  const own = await freeUdpPort();
  const args = [
    '-4',
    '-h',
    '127.0.0.1',
    '-p',
    `${endpoint.port}`,
    '-l',
    `${own}`,
    '-n',
    'dev1',
    '-i',
    'dev1',
    '-s',
    pskHex,
  ];
  const device = new Running(t, 'lwm2mclient_tinydtls', args);
  t.true(await until(() => endpoint.identities.length > 0), device.output);
  t.deepEqual(endpoint.identities[0], { kind: 'psk', identity: 'dev1' });
  await device.stop();
});

for (const [what, more] of [
  ['all its suites', []],
  ['the suite of LwM2M 1.0 alone', ['--ciphersuites', '0xC0A8']],
] as const) {
  test(`Anjay registers with a pre-shared key and ${what}`, async (t) => {
    if (!installed(t, 'anjay-demo')) return;
    const endpoint = await startDtls(t, pskCredentials);
    const identity = ['--identity', Buffer.from('dev1').toString('hex'), '--key', pskHex];
    const uri = `coaps://127.0.0.1:${endpoint.port}`;
    const args = ['-e', 'dev1', '-u', uri, '--security-mode', 'psk', ...identity, ...more];
    const device = new Running(t, 'anjay-demo', args);
    t.true(await until(() => endpoint.identities.length > 0), device.output);
    t.deepEqual(endpoint.identities[0], { kind: 'psk', identity: 'dev1' });
    await device.stop();
  });
}

test('Anjay registers with a certificate', async (t) => {
  if (!installed(t, 'anjay-demo')) return;
  const file = pemFolder(t);
  const endpoint = await startDtls(t, mutual);
  const own = ['-C', file('client.pem'), '-K', file('client.key'), '--pkix-trust-store', file('root.pem')];
  const args = ['-e', 'dev1', '-u', `coaps://localhost:${endpoint.port}`, '--security-mode', 'cert', ...own];
  const device = new Running(t, 'anjay-demo', args);
  t.true(await until(() => endpoint.identities.length > 0), `${device.output}\n${endpoint.log.lines.join('\n')}`);
  t.like(endpoint.identities[0], { kind: 'x509', commonName: 'device-1' });
  await device.stop();
});
