import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { PskFile } from '#src/dtls/psk-file.js';
import { parsePskLine } from '#src/dtls/psk-line.js';
import { FakeClock } from '../support/fake-clock.js';
import { LineLog } from './harness.js';

const line = (text: string): unknown => {
  const parsed = parsePskLine(text);
  return typeof parsed === 'object'
    ? [parsed.identity, parsed.psk.key.toString('hex'), parsed.psk.endpoint ?? null]
    : parsed;
};

test('lines', (t) => {
  t.is(line(''), undefined);
  t.is(line('  # a comment'), undefined);
  t.deepEqual(line('dev1:00ff'), ['dev1', '00ff', null]);
  t.deepEqual(line(' dev1 : 00FF \r'), ['dev1', '00ff', null]);
  t.deepEqual(line('dev1:00ff:urn:imei:1'), ['dev1', '00ff', 'urn:imei:1']);
  t.deepEqual(line('"urn:dev:1":00ff'), ['urn:dev:1', '00ff', null]);
  t.deepEqual(line('"urn:dev:1":00ff:"ep 1"'), ['urn:dev:1', '00ff', 'ep 1']);
  t.deepEqual(line('0x00ff:abcd'), ['0x00ff', 'abcd', null]);
  for (const bad of ['dev1', 'dev1:', ':00', 'dev1:0', 'dev1:zz', 'urn:dev:1:00ff', `dev1:${'00'.repeat(257)}`]) {
    t.is(typeof line(bad), 'string', bad);
  }
  t.false(String(line('dev1:secretsecret')).includes('secretsecret'));
});

async function files(content: string): Promise<{ path: string; file: PskFile; clock: FakeClock; log: LineLog }> {
  const path = join(await mkdtemp(join(tmpdir(), 'isthmus-')), 'psk');
  await writeFile(path, content);
  const clock = new FakeClock();
  const log = new LineLog();
  return { path, file: new PskFile(path, clock, log), clock, log };
}

test('keys are found by the bytes of the identity', async (t) => {
  const { file } = await files('dev1:0102:ep1\n0x00ff:0304\n');
  await file.start();
  t.is(file.size, 2);
  t.deepEqual(file.lookup(Buffer.from('dev1')), { key: Buffer.from([1, 2]), endpoint: 'ep1' });
  t.deepEqual(file.lookup(Buffer.from([0, 0xff]))?.key, Buffer.from([3, 4]));
  t.is(file.lookup(Buffer.from('0x00ff')), undefined);
  file.stop();
});

test('errors name file and line, never the key', async (t) => {
  const { path, file } = await files('dev1:0102\ndev2:nothex99\n');
  const error = await t.throwsAsync(file.start(), { code: 'PSK_FILE' });
  t.true(error?.message.startsWith(`${path}:2: `));
  t.false(error?.message.includes('nothex99'));
  const twice = await files('dev1:0102\ndev1:0304\n');
  await t.throwsAsync(twice.file.start(), { code: 'PSK_FILE', message: /:2: .*twice/ });
  const { clock, log } = twice;
  await t.throwsAsync(new PskFile('/nonexistent/psk', clock, log).start(), { code: 'PSK_FILE' });
});

test('a changed file is read again; what was revoked is told; an error leaves the keys of before', async (t) => {
  const { path, file, log } = await files('kept:01\nchanged:02\ngone:03\n');
  await file.start();
  const revoked: string[] = [];
  file.onRevoked((identities) => revoked.push(...identities.map(String)));
  await file.reload();
  t.is(log.lines.length, 0);
  await writeFile(path, 'kept:01\nchanged:0202\nnew:04\n');
  await file.reload();
  t.deepEqual(revoked.toSorted(), ['changed', 'gone']);
  t.deepEqual(file.lookup(Buffer.from('changed'))?.key, Buffer.from([2, 2]));
  t.is(file.lookup(Buffer.from('gone')), undefined);
  t.truthy(file.lookup(Buffer.from('new')));
  await writeFile(path, 'broken\n');
  await file.reload();
  t.truthy(file.lookup(Buffer.from('kept')));
  t.true(log.lines.at(-1)?.startsWith('warn'));
  file.stop();
});
