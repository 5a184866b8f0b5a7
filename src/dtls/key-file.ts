import { randomBytes } from 'node:crypto';
import { open, readFile, stat } from 'node:fs/promises';
import { IsthmusError } from '../core/errors.js';

const keyLength = 32;

/**
 * The key under which sessions are stored, from a file that only its owner may read; made, with random content, when
 * there is none. Rejects with `KEY_FILE` when others may read it or when it holds no key.
 */
export async function readKeyFile(path: string): Promise<Buffer> {
  try {
    const file = await open(path, 'wx', 0o600);
    const key = randomBytes(keyLength);
    try {
      await file.writeFile(`${key.toString('hex')}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    return key;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw new IsthmusError('KEY_FILE', `${path}: ${(error as Error).message}`, { cause: error });
    }
  }
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0) {
    throw new IsthmusError('KEY_FILE', `${path}: others may read it; its mode must be 0600`);
  }
  const text = (await readFile(path, 'utf8')).trim();
  if (!/^[0-9a-f]{64}$/i.test(text))
    throw new IsthmusError('KEY_FILE', `${path}: does not hold a key of 32 bytes in hex`);
  return Buffer.from(text, 'hex');
}
