import { createPublicKey } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { silentLog } from '#src/core/log.js';
import { type CredentialFiles, loadCredentials } from '#src/dtls/credential-files.js';
import { prepareSettings } from '#src/dtls/settings.js';
import { FakeClock } from '../support/fake-clock.js';
import { certificates, keys } from '../vectors/dtls-certificates.js';

const folder = await mkdtemp(join(tmpdir(), 'isthmus-'));
const file = async (name: string, content: string): Promise<string> => {
  await writeFile(join(folder, name), content);
  return join(folder, name);
};
const none: CredentialFiles = {
  certFile: undefined,
  keyFile: undefined,
  caFile: undefined,
  pskFile: undefined,
  verifyPeer: false,
  failIfNoPeerCert: false,
};
const load = (files: Partial<CredentialFiles>) => loadCredentials({ ...none, ...files }, new FakeClock(), silentLog);
const pem = (name: keyof typeof keys): string =>
  createPublicKey(keys[name]).export({ type: 'spki', format: 'pem' }).toString();

test('what is named is read, and watched', async (t) => {
  const { credentials, stop } = await load({
    certFile: await file('cert', certificates.server),
    keyFile: await file('key', keys.server),
    pskFile: await file('psk', 'dev1:0102'),
  });
  t.is(credentials.certificate, certificates.server);
  t.deepEqual(credentials.psk?.lookup(Buffer.from('dev1')), { key: Buffer.from([1, 2]) });
  stop();
});

test('what is named but cannot be read is an error that names it', async (t) => {
  for (const files of [{ keyFile: '/nowhere/key' }, { certFile: '/nowhere/cert' }, { caFile: '/nowhere/ca' }]) {
    await t.throwsAsync(load(files), { code: 'CREDENTIALS', message: /^\/nowhere\// });
  }
  await t.throwsAsync(load({ pskFile: '/nowhere/psk' }), { code: 'PSK_FILE', message: /^\/nowhere\// });
});

test('raw public keys of devices may stand in the file of authorities, alone or beside them', async (t) => {
  const keyFile = await file('key', keys.server);
  for (const authorities of ['', certificates.root]) {
    const text = `${authorities}\nendpoint: urn:ep:1\n${pem('client')}\n${pem('untrusted')}`;
    const { credentials } = await load({ keyFile, caFile: await file('ca', text), verifyPeer: true });
    const { clientAuthentication } = prepareSettings({ name: 't', credentials });
    t.deepEqual([...(clientAuthentication?.trustedKeys.values() ?? [])], ['urn:ep:1', null]);
    t.is(clientAuthentication?.roots.length, authorities === '' ? 0 : 1);
  }
  const { credentials } = await load({ keyFile, caFile: await file('ca', 'nothing'), verifyPeer: true });
  t.throws(() => prepareSettings({ name: 't', credentials }), { code: 'CREDENTIALS', message: /CA certificates/ });
});
