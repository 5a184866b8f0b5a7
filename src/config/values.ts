import { dirname, resolve } from 'node:path';
import { IsthmusError } from '../core/errors.js';
import type { Given } from './given.js';
import type { Key } from './key.js';
import { invalid } from './value-type.js';

/** One value of a key that stands for many. */
export interface Match<T> {
  readonly name: string;
  /** What the wildcards of the key's name stand for, in their order. */
  readonly captures: readonly string[];
  readonly value: T;
  readonly where: string;
}

/** Values by their keys, typed: what was given and is valid, else the default. */
export class Values {
  private readonly given: ReadonlyMap<string, Given>;
  private readonly base: string;

  /** Relative paths start at the parent of `etcDir`. */
  constructor(given: ReadonlyMap<string, Given>, etcDir: string) {
    this.given = given;
    this.base = dirname(resolve(etcDir));
  }

  get<T>(key: Key<T>): T {
    const value = key.type.parse(this.given.get(key.name)?.text ?? key.fallback);
    if (value === invalid) throw new IsthmusError('INTERNAL', `the default of ${key.name} is not valid`);
    return value;
  }

  /** Every value given to a key that stands for many, in the order in which they were given. */
  all<T>(key: Key<T>): readonly Match<T>[] {
    const matches: Match<T>[] = [];
    for (const { key: owner, name, captures, text, where } of this.given.values()) {
      if (owner !== key) continue;
      const value = key.type.parse(text);
      if (value !== invalid) matches.push({ name, captures, value, where });
    }
    return matches;
  }

  /** Whether somebody gave a value. */
  has(key: Key<unknown>): boolean {
    return this.given.has(key.name);
  }

  /** An absolute path. */
  path(key: Key<string>): string;
  path(key: Key<string | undefined>): string | undefined;
  path(key: Key<string | undefined>): string | undefined {
    const value = this.get(key);
    return value === undefined ? undefined : resolve(this.base, value);
  }

  /** Where a value was given; undefined for a default. */
  where(name: string): string | undefined {
    return this.given.get(name)?.where;
  }
}
