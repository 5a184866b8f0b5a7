import test, { type ExecutionContext } from 'ava';
import { type DtlsEndpoint, pemFolder, pskCredentials, pskHex, server, startDtls } from './dtls-support.js';
import { installed, run } from './support.js';

async function talk(t: ExecutionContext, endpoint: DtlsEndpoint, ...args: string[]): Promise<string> {
  const where = ['dtls=1', 'server_addr=127.0.0.1', `server_port=${endpoint.port}`];
  const { output } = await run(t, 'ssl_client2', [...where, ...args]);
  return output;
}

const psk = [`psk=${pskHex}`, 'psk_identity=dev1', 'force_ciphersuite=TLS-PSK-WITH-AES-128-CCM-8'];

for (const [what, value, cidLength] of [
  ['both ways', 'ccdd', 8],
  ['only to the server', '', 8],
  ['only to the client', 'ccdd', 0],
] as const) {
  test(`mbed TLS with connection ids ${what}`, async (t) => {
    if (!installed(t, 'ssl_client2')) return;
    const endpoint = await startDtls(t, pskCredentials, { cidLength });
    const output = await talk(t, endpoint, ...psk, 'cid=1', `cid_val=${value}`, 'exchanges=3');
    t.is(output.match(/bytes read/g)?.length, 3, output);
    t.regex(output, new RegExp(`Peer CID \\(length ${cidLength} Bytes\\)`));
  });
}

test('mbed TLS resumes a session, with a new connection id', async (t) => {
  if (!installed(t, 'ssl_client2')) return;
  const endpoint = await startDtls(t, pskCredentials);
  const output = await talk(t, endpoint, ...psk, 'cid=1', 'cid_val=ccdd', 'reconnect=1', 'tickets=0');
  t.is(output.match(/bytes read/g)?.length, 2, output);
  t.is(endpoint.count('resumed'), 1);
});

test('mbed TLS with small fragments and a certificate', async (t) => {
  if (!installed(t, 'ssl_client2')) return;
  const endpoint = await startDtls(t, server);
  const suite = 'force_ciphersuite=TLS-ECDHE-ECDSA-WITH-AES-128-CCM-8';
  const trust = [`ca_file=${pemFolder(t)('root.pem')}`, 'server_name=localhost'];
  t.regex(await talk(t, endpoint, suite, ...trust, 'max_frag_len=512'), /bytes read/);
});
