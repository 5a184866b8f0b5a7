import type { Given } from './given.js';
import { isPattern, keysOf } from './key.js';
import { confFiles } from './known-keys.js';

/** A key and its value as text, secrets masked. */
export interface Setting {
  /** The file that the key belongs in. */
  readonly file: string;
  readonly name: string;
  readonly text: string;
  /** Where it was given; undefined for a default. */
  readonly where: string | undefined;
}

/** Every key that has a value, given or not, in the order of the files. Keys that stand for many appear as given. */
export function settingsOf(given: ReadonlyMap<string, Given>): readonly Setting[] {
  return confFiles.flatMap((file) =>
    keysOf(file).flatMap((key): Setting[] => {
      if (!isPattern(key.name) && !given.has(key.name)) {
        if (key.retired !== undefined) return [];
        return [{ file: file.name, name: key.name, text: key.fallback, where: undefined }];
      }
      const own = [...given.values()].filter((entry) => entry.key === key);
      return own.map(({ name, text, where }) => ({
        file: file.name,
        name,
        text: key.mask === undefined ? text : key.mask(text),
        where,
      }));
    }),
  );
}
