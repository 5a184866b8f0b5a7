import { readFile } from 'node:fs/promises';
import type { Clock } from '../core/clock.js';
import { IsthmusError } from '../core/errors.js';
import type { Log } from '../core/log.js';
import type { DtlsCredentials, TrustedKey } from './options.js';
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
 * who has configured encryption goes on without. The file of pre-shared keys is watched from now on. The file of authorities
 * may also hold raw public keys of devices (`BEGIN PUBLIC KEY`).
 */
export async function loadCredentials(files: CredentialFiles, clock: Clock, log: Log): Promise<LoadedCredentials> {
  const [key, certificate, ca] = [await text(files.keyFile), await text(files.certFile), await text(files.caFile)];
  const psk = files.pskFile === undefined ? undefined : new PskFile(files.pskFile, clock, log);
  await psk?.start();
  const { verifyPeer: verify, failIfNoPeerCert } = files;
  const trustedKeys = ca === undefined ? [] : publicKeysIn(ca);
  const trust = {
    // What holds keys alone is no list of authorities; what holds neither is let through, to be refused as one.
    ca: trustedKeys.length > 0 && !ca?.includes('BEGIN CERTIFICATE') ? undefined : ca,
    trustedKeys: trustedKeys.length > 0 ? trustedKeys : undefined,
  };
  return { credentials: { psk, key, certificate, ...trust, verify, failIfNoPeerCert }, stop: () => psk?.stop() };
}

const publicKey = /(?:^endpoint:[ \t]*(\S+)[ \t]*\r?\n)?(-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----)/gm;

/** The raw public keys in a PEM file; a line `endpoint: NAME` before one binds it to that name. */
export function publicKeysIn(pem: string): TrustedKey[] {
  return [...pem.matchAll(publicKey)].map(([, endpoint, key = '']) => ({
    key,
    ...(endpoint === undefined ? {} : { endpoint }),
  }));
}

async function text(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new IsthmusError('CREDENTIALS', `${path}: ${(error as Error).message}`, { cause: error });
  }
}
