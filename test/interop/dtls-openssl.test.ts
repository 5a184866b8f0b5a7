import test, { type ExecutionContext } from 'ava';
import {
  type DtlsEndpoint,
  mutual,
  pemFolder,
  pskCredentials,
  pskHex,
  server,
  startDtls,
  until,
} from './dtls-support.js';
import { installed, Running } from './support.js';

/** s_client that says a word, and hears it. */
async function talk(t: ExecutionContext, endpoint: DtlsEndpoint, ...args: string[]): Promise<string> {
  const client = new Running(t, 'openssl', ['s_client', '-dtls1_2', '-connect', `127.0.0.1:${endpoint.port}`, ...args]);
  await client.waitFor(/Verify return code|alert|error/i);
  client.write('a word\n');
  await until(() => endpoint.identities.length > 0 || /alert/.test(client.output));
  await client.waitFor(/^a word|alert/m).catch(() => undefined);
  await client.stop();
  return client.output;
}

const psk = ['-psk_identity', 'dev1', '-psk', pskHex];

for (const cipher of ['PSK-AES128-CCM8', 'PSK-AES128-CCM', 'PSK-AES128-GCM-SHA256', 'PSK-AES256-GCM-SHA384']) {
  test(`openssl s_client with ${cipher}`, async (t) => {
    if (!installed(t, 'openssl')) return;
    const endpoint = await startDtls(t, pskCredentials);
    const output = await talk(t, endpoint, ...psk, '-cipher', `${cipher}@SECLEVEL=0`);
    t.regex(output, new RegExp(`Cipher is ${cipher}`));
    t.regex(output, /^a word/m);
    t.regex(output, /Extended master secret: yes/);
    t.deepEqual(endpoint.identities[0], { kind: 'psk', identity: 'dev1' });
  });
}

for (const cipher of ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES128-CCM8', 'ECDHE-ECDSA-AES256-GCM-SHA384']) {
  test(`openssl s_client with ${cipher} and a client certificate`, async (t) => {
    if (!installed(t, 'openssl')) return;
    const file = pemFolder(t);
    const endpoint = await startDtls(t, mutual);
    const own = ['-cert', file('client.pem'), '-key', file('client.key'), '-CAfile', file('root.pem')];
    const output = await talk(t, endpoint, ...own, '-cipher', `${cipher}@SECLEVEL=0`);
    t.regex(output, new RegExp(`Cipher is ${cipher}`));
    t.regex(output, /Verify return code: 0/);
    t.regex(output, /^a word/m);
    t.like(endpoint.identities[0], { kind: 'x509', commonName: 'device-1' });
  });
}

for (const [what, args, alert, reason] of [
  ['a wrong key', ['-psk_identity', 'dev1', '-psk', 'ffff'], /decrypt error/, 'wrong key'],
  ['an unknown identity', ['-psk_identity', 'nobody', '-psk', pskHex], /decrypt error/, 'unknown PSK identity'],
] as const) {
  test(`openssl s_client with ${what} is refused, and the log says why`, async (t) => {
    if (!installed(t, 'openssl')) return;
    const endpoint = await startDtls(t, pskCredentials);
    t.regex(await talk(t, endpoint, ...args, '-cipher', 'PSK-AES128-GCM-SHA256'), alert);
    t.true(endpoint.log.lines.some((line) => line.includes(reason)));
  });
}

for (const [name, alert, reason] of [
  ['expired', /certificate expired/, 'expired'],
  ['untrusted', /unknown ca/, 'not signed by a trusted authority'],
] as const) {
  test(`openssl s_client with an ${name} certificate is refused, and the log says why`, async (t) => {
    if (!installed(t, 'openssl')) return;
    const file = pemFolder(t);
    const endpoint = await startDtls(t, mutual);
    t.regex(await talk(t, endpoint, '-cert', file(`${name}.pem`), '-key', file(`${name}.key`)), alert);
    t.true(endpoint.log.lines.some((line) => line.includes(reason)));
    t.is(endpoint.identities.length, 0);
  });
}

test('openssl s_client resumes a session', async (t) => {
  if (!installed(t, 'openssl')) return;
  const endpoint = await startDtls(t, server);
  const file = pemFolder(t)('session');
  await talk(t, endpoint, '-sess_out', file);
  const output = await talk(t, endpoint, '-sess_in', file);
  t.regex(output, /Reused, /);
  t.is(endpoint.count('resumed'), 1);
});
