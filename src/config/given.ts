import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseConf } from './conf-file.js';
import type { ConfFile, Key } from './key.js';
import {
  confFiles,
  findEnvironmentKey,
  findKey,
  isEnvironmentKey,
  type KnownKey,
  suggestEnvironmentKey,
  suggestKey,
} from './known-keys.js';
import type { Problems } from './problem.js';

/** A value that somebody gave. */
export interface Given {
  readonly key: Key<unknown>;
  readonly name: string;
  readonly captures: readonly string[];
  readonly text: string;
  /** `etc/emqx_sn.conf:12`, or the environment variable. */
  readonly where: string;
}

/** The environment of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Every value given in the files of `etcDir` and in the environment, by the name of its key; the last one wins. */
export function readGiven(etcDir: string, env: Environment, problems: Problems): Map<string, Given> {
  const given = new Map<string, Given>();
  for (const file of confFiles) readFile(file, etcDir, given, problems);
  readEnvironment(env, given, problems);
  return given;
}

function readFile(file: ConfFile, etcDir: string, given: Map<string, Given>, problems: Problems): void {
  const path = join(etcDir, file.name);
  const text = readText(path, problems);
  if (text === undefined) return;
  const { entries, faults } = parseConf(text);
  for (const { line, severity, message } of faults) {
    if (severity === 'error') problems.error(message, `${path}:${line}`);
    else problems.warn(message, `${path}:${line}`);
  }
  for (const { line, key, value } of entries) {
    const where = `${path}:${line}`;
    const known = findKey(key);
    if (known === undefined) {
      problems.warn(unknown(key, 'key', suggestKey(key)), where);
      continue;
    }
    if (known.file !== file) problems.warn(`${key} belongs in ${known.file.name}`, where);
    const earlier = given.get(known.name);
    if (earlier !== undefined) problems.warn(`${key} is given again, after ${earlier.where}; this one counts`, where);
    put(given, known, value, where);
  }
}

function readEnvironment(env: Environment, given: Map<string, Given>, problems: Problems): void {
  for (const [variable, value] of Object.entries(env)) {
    if (!isEnvironmentKey(variable) || value === undefined) continue;
    const known = findEnvironmentKey(variable);
    if (known === undefined) problems.warn(unknown(variable, 'variable', suggestEnvironmentKey(variable)), variable);
    else put(given, known, value.trim(), variable);
  }
}

function put(given: Map<string, Given>, { key, name, captures }: KnownKey, text: string, where: string): void {
  given.set(name, { key, name, captures, text, where });
}

function readText(path: string, problems: Problems): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // A file that is not there stands for its defaults; one that is there and cannot be read does not.
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') problems.error(`cannot be read: ${message}`, path);
    return undefined;
  }
}

function unknown(name: string, what: string, suggestion: string | undefined): string {
  const hint = suggestion === undefined ? '' : `; the nearest is ${suggestion}`;
  return `unknown ${what} ${name}${hint}`;
}
