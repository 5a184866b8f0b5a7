import { readFileSync } from 'node:fs';
import { parseAcl } from '../broker/acl-file.js';
import { parsePasswords } from '../broker/password-file.js';
import type { BrokerConfig } from '../config/config.js';
import type { Problem } from '../config/problem.js';
import { IsthmusError } from '../core/errors.js';

/** What is wrong in the files of users and rights. Files that cannot be read are the configuration's to tell. */
export function accessProblems({ passwordFile, aclFile }: BrokerConfig): Problem[] {
  return [...problemsIn(passwordFile, parsePasswords), ...problemsIn(aclFile, parseAcl)];
}

function problemsIn(file: string | undefined, parse: (text: string, file: string) => unknown): Problem[] {
  const text = file === undefined ? undefined : textOf(file);
  if (file === undefined || text === undefined) return [];
  try {
    parse(text, file);
    return [];
  } catch (error) {
    if (!(error instanceof IsthmusError)) throw error;
    return error.message.split('\n').map((message) => ({ message }));
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
