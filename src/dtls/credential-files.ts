import { readFile } from 'node:fs/promises';
import type { Clock } from '../core/clock.js';
import { IsthmusError } from '../core/errors.js';
import type { Log } from '../core/log.js';
import type { DtlsCredentials } from './options.js';
import { PskFile } from './psk-file.js';

/** Where credentials are kept. */
export interface CredentialFiles {
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly caFile: string | undefined;
  readonly pskFile: string | undefined;
  readonly verifyPeer: boolean;
  readonly failIfNoPeerCert: boolean;
}

/** Credentials that were read, and what stops watching their files. */
export interface LoadedCredentials {
  readonly credentials: DtlsCredentials;
  readonly stop: () => void;
}

/**
 * Reads every file that is named. Rejects with an IsthmusError (`CREDENTIALS`, `PSK_FILE`) that names the file: nobody
 * who has configured encryption goes on without. The file of pre-shared keys is watched from now on.
 */
export async function loadCredentials(files: CredentialFiles, clock: Clock, log: Log): Promise<LoadedCredentials> {
  const [key, certificate, ca] = [await text(files.keyFile), await text(files.certFile), await text(files.caFile)];
  const psk = files.pskFile === undefined ? undefined : new PskFile(files.pskFile, clock, log);
  await psk?.start();
  const { verifyPeer: verify, failIfNoPeerCert } = files;
  return { credentials: { psk, key, certificate, ca, verify, failIfNoPeerCert }, stop: () => psk?.stop() };
}

async function text(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new IsthmusError('CREDENTIALS', `${path}: ${(error as Error).message}`, { cause: error });
  }
}
