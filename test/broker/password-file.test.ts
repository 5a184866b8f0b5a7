import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { deletePassword, PasswordFile, parsePasswords, setPassword } from '#src/broker/password-file.js';
import { formatHash, hashPassword, parseHash, verifyPassword } from '#src/broker/password-hash.js';
import type { IsthmusError } from '#src/core/errors.js';

function path(t: ExecutionContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'isthmus-passwords-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  return join(dir, 'passwords');
}

const password = (text: string): Buffer => Buffer.from(text);
const credentials = (username: string, text: string) => ({ clientId: 'x', username, password: password(text) });

test('a hash is verified, written and read', async (t) => {
  const hash = await hashPassword(password('secret'), 10);
  t.true(await verifyPassword(password('secret'), hash));
  t.false(await verifyPassword(password('Secret'), hash));
  t.false(await verifyPassword(password(''), hash));
  const text = formatHash(hash);
  t.regex(text, /^\$scrypt\$ln=10,r=8,p=1\$[^$=]+\$[^$=]+$/);
  t.deepEqual(parseHash(text), hash);
  for (const bad of ['', 'secret', text.replace('ln=10', 'ln=21'), text.replace('r=8', 'r=9'), text.slice(0, -3)]) {
    t.is(parseHash(bad), undefined);
  }
});

test('users are added, changed and deleted; comments and rights stay', async (t) => {
  const file = path(t);
  await setPassword(file, 'ann', password('one'));
  t.is(statSync(file).mode & 0o777, 0o600);
  writeFileSync(file, `# people\n\n${readFileSync(file, 'utf8')}`);
  chmodSync(file, 0o640);
  await setPassword(file, 'bob', password('two'));
  await setPassword(file, 'ann', password('three'));
  const lines = readFileSync(file, 'utf8').split('\n');
  t.deepEqual(
    lines.map((line) => line.split(':')[0]),
    ['# people', '', 'ann', 'bob', ''],
  );
  t.is(statSync(file).mode & 0o777, 0o640);
  t.false(readFileSync(file, 'utf8').includes('three'));
  t.true(await deletePassword(file, 'ann'));
  t.false(await deletePassword(file, 'ann'));
  t.deepEqual([...parsePasswords(readFileSync(file, 'utf8'), file).keys()], ['bob']);
  for (const user of ['', 'a:b', '#x', 'a\nb']) {
    await t.throwsAsync(setPassword(file, user, password('x')), { code: 'USAGE' });
  }
  await t.throwsAsync(deletePassword(`${file}.none`, 'ann'), { code: 'CONFIG' });
});

test('every error of a file is reported, by line', (t) => {
  const line = 'a:$scrypt$ln=14,r=8,p=1$AAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
  t.is(parsePasswords(`${line}\r\n# x\n`, 'f').size, 1);
  const error = t.throws<IsthmusError>(() => parsePasswords(`ann:plain\n${line}\n${line}\nbare\n:x`, 'f'));
  t.is(error?.code, 'CONFIG');
  t.deepEqual(
    error?.message.split('\n').map((each) => each.slice(0, 4)),
    ['f:1:', 'f:3:', 'f:4:', 'f:5:'],
  );
  t.false(error?.message.includes('plain'));
});

test('who was right once is let in at once, until the file says otherwise', async (t) => {
  const file = path(t);
  await setPassword(file, 'ann', password('one'));
  await setPassword(file, 'bob', password('two'));
  const users = new PasswordFile(file);
  await users.load();
  t.true(await users.check(credentials('ann', 'one')));
  t.is(users.check(credentials('ann', 'one')), true);
  t.false(await users.check(credentials('ann', 'two')));
  t.false(await users.check(credentials('carl', 'one')));
  t.false(await users.check({ clientId: 'x', username: 'ann' }));
  t.false(await users.check({ clientId: 'x', password: password('one') }));
  await setPassword(file, 'bob', password('three'));
  await users.load();
  t.is(users.check(credentials('ann', 'one')), true);
  await setPassword(file, 'ann', password('four'));
  await users.load();
  t.false(await users.check(credentials('ann', 'one')));
  t.true(await users.check(credentials('ann', 'four')));
  await deletePassword(file, 'ann');
  await users.load();
  t.false(await users.check(credentials('ann', 'four')));
});

test('many guesses at once wait for each other, and do not stop the event loop', async (t) => {
  const file = path(t);
  await setPassword(file, 'ann', password('one'));
  const users = new PasswordFile(file);
  await users.load();
  let turns = 0;
  const ticking = setInterval(() => turns++, 1);
  const answers = await Promise.all(
    ['one', 'x', 'one', 'y', 'one'].map(async (text) => users.check(credentials('ann', text))),
  );
  clearInterval(ticking);
  t.deepEqual(answers, [true, false, true, false, true]);
  t.true(turns > 5);
  const small = new PasswordFile(file, { atOnce: 1, waiting: 2 });
  await small.load();
  const flood = [1, 2, 3, 4].map(async () => small.check(credentials('ann', 'one')));
  await t.throwsAsync(flood[3] as Promise<boolean>, { code: 'OVERLOAD' });
  t.deepEqual(await Promise.all(flood.slice(0, 3)), [true, true, true]);
});
