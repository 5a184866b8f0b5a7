import { createPublicKey } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { keys } from '../vectors/dtls-certificates.js';
import { type DtlsEndpoint, mutual, pemFolder, pskCredentials, pskHex, startDtls } from './dtls-support.js';
import { installed, Running } from './support.js';

/** gnutls-cli that says a word, and hears it. */
async function talk(t: ExecutionContext, endpoint: DtlsEndpoint, ...args: string[]): Promise<string> {
  const client = new Running(t, 'gnutls-cli', ['--udp', '-p', `${endpoint.port}`, ...args, 'localhost']);
  await client.waitFor(/Handshake was completed|Fatal error|alert/i);
  client.write('a word\n');
  await client.waitFor(/^a word/m).catch(() => undefined);
  await client.stop();
  return client.output;
}

for (const cipher of ['AES-128-CCM-8', 'AES-128-CCM', 'AES-128-GCM']) {
  test(`gnutls-cli with a pre-shared key and ${cipher}`, async (t) => {
    if (!installed(t, 'gnutls-cli')) return;
    const endpoint = await startDtls(t, pskCredentials);
    const priority = `NORMAL:-KX-ALL:+PSK:-CIPHER-ALL:+${cipher}:-VERS-ALL:+VERS-DTLS1.2`;
    const output = await talk(t, endpoint, '--pskusername', 'dev1', '--pskkey', pskHex, '--priority', priority);
    t.regex(output, new RegExp(`\\(PSK\\)-\\(${cipher}\\)`));
    t.regex(output, /^a word/m);
    t.deepEqual(endpoint.identities[0], { kind: 'psk', identity: 'dev1' });
  });
}

test('gnutls-cli with certificates on both sides', async (t) => {
  if (!installed(t, 'gnutls-cli')) return;
  const file = pemFolder(t);
  const endpoint = await startDtls(t, mutual);
  const own = ['--x509certfile', file('client.pem'), '--x509keyfile', file('client.key')];
  t.regex(await talk(t, endpoint, '--x509cafile', file('root.pem'), ...own), /^a word/m);
  t.like(endpoint.identities[0], { kind: 'x509', commonName: 'device-1' });
});

test('gnutls-cli with raw public keys on both sides', async (t) => {
  if (!installed(t, 'gnutls-cli')) return;
  const file = pemFolder(t);
  const pem = createPublicKey(keys.client).export({ type: 'spki', format: 'pem' }).toString();
  writeFileSync(file('client.pub'), pem);
  const trustedKeys = [{ key: pem, endpoint: 'ep7' }];
  const endpoint = await startDtls(t, { key: keys.server, trustedKeys, verify: true, failIfNoPeerCert: true });
  const own = ['--rawpkkeyfile', file('client.key'), '--rawpkfile', file('client.pub'), '--insecure'];
  const output = await talk(t, endpoint, ...own, '--priority', 'NORMAL:-CTYPE-ALL:+CTYPE-RAWPK');
  t.regex(output, /Raw Public Key/);
  t.regex(output, /^a word/m);
  t.like(endpoint.identities[0], { kind: 'rpk', endpoint: 'ep7' });
});
