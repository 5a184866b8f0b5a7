import { isthmusFile } from './isthmus-keys.js';
import { type ConfFile, isPattern, type Key, keysOf, namePattern } from './key.js';
import { lwm2mFile } from './lwm2m-keys.js';
import { nearest } from './nearest.js';
import { snFile } from './sn-keys.js';

/** The three files, in the order in which they are read. */
export const confFiles: readonly ConfFile[] = [isthmusFile, snFile, lwm2mFile];

/** A key that has been recognised. */
export interface KnownKey {
  readonly key: Key<unknown>;
  readonly file: ConfFile;
  /** Its full name: `mqtt.sn.predefined.topic.1`. */
  readonly name: string;
  /** What the wildcards of the key's name stand for. */
  readonly captures: readonly string[];
}

const prefix = 'ISTHMUS_';
const environmentForm = (part: string): string => part.toUpperCase().replaceAll('.', '__');

interface Candidate {
  readonly key: Key<unknown>;
  readonly file: ConfFile;
  readonly pattern: RegExp;
  readonly environmentPattern: RegExp;
}

// Plain names first, so that no wildcard takes them (lwm2m.opts.recbuf, mqtt.sn.predefined.topic.1).
const candidates: readonly Candidate[] = confFiles
  .flatMap((file) => keysOf(file).map((key) => ({ key, file })))
  .map(({ key, file }) => ({
    key,
    file,
    pattern: namePattern(key.name),
    environmentPattern: namePattern(key.name, environmentForm),
  }))
  .sort((a, b) => wildcardCount(a.key) - wildcardCount(b.key));

function wildcardCount({ name }: Key<unknown>): number {
  return name.split('<').length - 1;
}

/** The key of this name, if there is one. */
export function findKey(name: string): KnownKey | undefined {
  return find(name, (candidate) => candidate.pattern);
}

/** The key that an environment variable stands for: `ISTHMUS_MQTT__SN__PORT`. A wildcard's part is taken as it is written. */
export function findEnvironmentKey(variable: string): KnownKey | undefined {
  return find(variable.slice(prefix.length), (candidate) => candidate.environmentPattern);
}

/** Whether the variable is meant for Isthmus. */
export const isEnvironmentKey = (variable: string): boolean => variable.startsWith(prefix);

function find(name: string, patternOf: (candidate: Candidate) => RegExp): KnownKey | undefined {
  for (const candidate of candidates) {
    const captures = patternOf(candidate).exec(name)?.slice(1);
    if (captures === undefined) continue;
    const { key, file } = candidate;
    return { key, file, name: fullName(key.name, captures), captures };
  }
  return undefined;
}

function fullName(name: string, captures: readonly string[]): string {
  if (!isPattern(name)) return name;
  let next = 0;
  return name.replace(/<\w+>/g, () => captures[next++] as string);
}

/** The known name that a misspelt one is nearest to, if it is near any. */
export function suggestKey(name: string): string | undefined {
  const numbered = name.replace(/\.\d+$/, '.<N>');
  return nearest(
    numbered,
    candidates.map(({ key }) => key.name),
  );
}

/** The environment variable that a misspelt one is nearest to. */
export function suggestEnvironmentKey(variable: string): string | undefined {
  const name = suggestKey(variable.slice(prefix.length).replaceAll('__', '.').toLowerCase());
  return name === undefined ? undefined : prefix + name.replace(/[^<>]+(?![^<>]*>)/g, environmentForm);
}
