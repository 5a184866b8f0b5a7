import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { PasswordFile } from '#src/broker/password-file.js';
import type { Input } from '#src/cli/edge.js';
import { runCommandLine } from '#src/cli/run.js';
import { FakeEdge, piped, typed } from './fake-edge.js';

function passwordFile(t: ExecutionContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'isthmus-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  return join(dir, 'passwd');
}

/** Runs `isthmus passwd`: its exit code and what it complained of. */
async function passwd(input: Input, ...args: string[]): Promise<[code: number, complaint: string]> {
  const edge = new FakeEdge({}, input);
  const code = await runCommandLine(['passwd', ...args], edge);
  if (edge.printed.length > 0) throw new Error(`printed ${edge.printed.join()}`);
  return [code, edge.complained.join('\n')];
}

async function letsIn(file: string, username: string, password: string): Promise<boolean> {
  const passwords = new PasswordFile(file);
  await passwords.load();
  return await passwords.check({ clientId: 'c', username, password: Buffer.from(password) });
}

test('adds, changes and deletes users', async (t) => {
  const file = passwordFile(t);
  t.deepEqual(await passwd(typed(['geheim', 'geheim']), file, 'ann'), [0, '']);
  t.is(statSync(file).mode & 0o777, 0o600);
  t.deepEqual(await passwd(piped('two words\r\n'), file, 'bob'), [0, '']);
  t.true(await letsIn(file, 'ann', 'geheim'));
  t.true(await letsIn(file, 'bob', 'two words'));
  t.deepEqual(await passwd(piped('neu'), file, 'ann'), [0, '']);
  t.false(await letsIn(file, 'ann', 'geheim'));
  t.true(await letsIn(file, 'ann', 'neu'));
  t.deepEqual(await passwd(piped(''), '--delete', file, 'ann'), [0, '']);
  t.false(await letsIn(file, 'ann', 'neu'));
  t.true(await letsIn(file, 'bob', 'two words'));
  t.notRegex(readFileSync(file, 'utf8'), /geheim|neu|two words/);
});

test('what is wrong changes nothing and tells no password', async (t) => {
  const file = passwordFile(t);
  await passwd(piped('right'), file, 'ann');
  const before = readFileSync(file, 'utf8');
  const wrong: [Input, string[], number, RegExp][] = [
    [typed(['geheim', 'geheimer']), [file, 'ann'], 64, /two different passwords/],
    [typed(['geheim']), [file, 'ann'], 64, /broken off/],
    [typed([]), [file, 'ann'], 64, /broken off/],
    [typed(['', '']), [file, 'ann'], 64, /empty/],
    [piped('\n'), [file, 'ann'], 64, /empty/],
    [piped('x'.repeat(65_536)), [file, 'ann'], 64, /longer than 65535/],
    [piped('geheim'), [file, 'a:b'], 64, /user name/],
    [piped('geheim'), [file, 'ann', 'geheim'], 64, /takes FILE USER and nothing more/],
    [piped('geheim'), [file], 64, /needs USER/],
    [piped('geheim'), ['--delete', file, 'nobody'], 64, /has no user nobody/],
    [piped('geheim'), ['--delete', `${file}x`, 'ann'], 78, /ENOENT/],
    [piped('geheim'), [join(file, 'x'), 'ann'], 78, /ENOTDIR/],
    [piped('geheim'), [join(file, '..', 'none', 'x'), 'ann'], 69, /ENOENT/],
  ];
  for (const [input, args, code, complaint] of wrong) {
    const told = await passwd(input, ...args);
    t.is(told[0], code, told[1]);
    t.regex(told[1], complaint);
    t.notRegex(told[1], /geheim/);
  }
  t.is(readFileSync(file, 'utf8'), before);
});

test('a file that is not a password file stays as it is, 78', async (t) => {
  const file = passwordFile(t);
  writeFileSync(file, 'ann:plain\nbob\n');
  const [code, complaint] = await passwd(piped('x'), file, 'cid');
  t.is(code, 78);
  t.regex(complaint, /passwd:1: .*\n.*passwd:2: /);
  t.is(readFileSync(file, 'utf8'), 'ann:plain\nbob\n');
});

test('the program itself reads standard input', async (t) => {
  const file = passwordFile(t);
  const main = join(import.meta.dirname, '..', '..', '..', 'dist', 'main.js');
  const output = execFileSync(process.execPath, [main, 'passwd', file, 'ann'], { input: 'geheim\n' });
  t.is(output.toString(), '');
  t.true(await letsIn(file, 'ann', 'geheim'));
});
