import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { IsthmusError } from '../core/errors.js';
import type { Authenticator, Credentials } from './auth.js';
import { formatHash, hashPassword, type PasswordHash, parseHash, verifyPassword } from './password-hash.js';

/** Hashes by user name. */
export type Passwords = Map<string, PasswordHash>;

// Hashing shares the thread pool with the store and with name look-ups: guesses must not fill it.
const defaultLimits = { atOnce: 2, waiting: 1000 };

/** Reads `user:hash` lines; lines that are empty or begin with `#` are skipped. Reports all errors at once, by line. */
export function parsePasswords(text: string, file: string): Passwords {
  const passwords: Passwords = new Map();
  const errors: string[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const colon = line.indexOf(':');
    const hash = colon > 0 ? parseHash(line.slice(colon + 1).trim()) : undefined;
    if (hash === undefined)
      errors.push(`${file}:${index + 1}: not a line of the form user:hash made by isthmus passwd`);
    else if (passwords.has(line.slice(0, colon))) errors.push(`${file}:${index + 1}: this user is there already`);
    else passwords.set(line.slice(0, colon), hash);
  }
  if (errors.length > 0) throw new IsthmusError('CONFIG', errors.join('\n'));
  return passwords;
}

/** Adds a user to the file or changes the password; a file that is not there is made. */
export async function setPassword(file: string, user: string, password: Buffer): Promise<void> {
  if (user === '' || /[:\r\n]/.test(user) || user.startsWith('#')) {
    throw new IsthmusError('USAGE', 'a user name may not be empty, begin with #, or have a colon or a line break');
  }
  const text = await readText(file, '');
  parsePasswords(text, file);
  const line = `${user}:${formatHash(await hashPassword(password))}`;
  const lines = text.split('\n').filter((each, index, all) => each !== '' || index < all.length - 1);
  const at = lines.findIndex((each) => each.startsWith(`${user}:`));
  if (at < 0) lines.push(line);
  else lines[at] = line;
  await replace(file, lines);
}

/** Deletes a user from the file; gives whether there was one. */
export async function deletePassword(file: string, user: string): Promise<boolean> {
  const text = await readText(file);
  if (!parsePasswords(text, file).has(user)) return false;
  await replace(
    file,
    text
      .trimEnd()
      .split('\n')
      .filter((line) => !line.startsWith(`${user}:`)),
  );
  return true;
}

/**
 * Checks user names and passwords by a file. A password that was right is remembered under a key of this process, so
 * that a fleet that comes back does not cost a hash each; wrong ones cost one, a few at a time.
 */
export class PasswordFile implements Authenticator {
  private readonly file: string;
  private readonly limits: typeof defaultLimits;
  private readonly key = randomBytes(32);
  private readonly verified = new Map<string, { readonly hash: PasswordHash; readonly mac: Buffer }>();
  private readonly waiting: (() => void)[] = [];
  private passwords: Passwords = new Map();
  private running = 0;

  /** `limits`: how many hashes are worked on at once, and how many may wait; more are refused with an OVERLOAD. */
  constructor(file: string, limits = defaultLimits) {
    this.file = file;
    this.limits = limits;
  }

  /** Reads the file, at the start and again whenever it has changed. After a failure the users are as they were. */
  async load(): Promise<void> {
    const passwords = parsePasswords(await readText(this.file), this.file);
    for (const [user, { salt, hash }] of passwords) {
      const before = this.passwords.get(user);
      // What has not changed stays the same object, and with it the memory of who was right.
      if (before?.hash.equals(hash) && before.salt.equals(salt)) passwords.set(user, before);
    }
    this.passwords = passwords;
    for (const [user, { hash }] of this.verified) {
      if (passwords.get(user) !== hash) this.verified.delete(user);
    }
  }

  check({ username, password }: Credentials): boolean | Promise<boolean> {
    if (username === undefined || password === undefined) return false;
    const hash = this.passwords.get(username);
    const mac = createHmac('sha256', this.key).update(password).digest();
    const before = this.verified.get(username);
    if (before !== undefined && before.hash === hash && timingSafeEqual(before.mac, mac)) return true;
    // An unknown name costs a hash as well: how long the answer takes must not tell which names there are.
    return this.verify(password, hash ?? nobody).then((right) => {
      if (hash === undefined || !right) return false;
      if (this.passwords.get(username) === hash) this.verified.set(username, { hash, mac });
      return true;
    });
  }

  private async verify(password: Buffer, hash: PasswordHash): Promise<boolean> {
    if (this.running < this.limits.atOnce) this.running++;
    else if (this.waiting.length >= this.limits.waiting)
      throw new IsthmusError('OVERLOAD', 'too many passwords to check');
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await verifyPassword(password, hash);
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.running--;
      else next();
    }
  }
}

const nobody: PasswordHash = { logCost: 14, salt: randomBytes(16), hash: randomBytes(32) };

async function readText(file: string, missing?: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (missing !== undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') return missing;
    throw new IsthmusError('CONFIG', `${file}: ${(error as Error).message}`, { cause: error });
  }
}

/** Puts a new file in the place of the old one, whole or not at all, with its rights or for its owner's eyes only. */
async function replace(file: string, lines: readonly string[]): Promise<void> {
  const mode = await stat(file).then(
    (old) => old.mode & 0o777,
    () => 0o600,
  );
  const temporary = `${file}.${randomBytes(6).toString('hex')}`;
  await writeFile(temporary, lines.map((line) => `${line}\n`).join(''), { mode });
  await rename(temporary, file);
}
