import type { Feature } from './features.js';
import type { ValueType } from './value-type.js';

/** A key that may stand in a configuration file. */
export interface Key<T> {
  /** `mqtt.sn.port`; a part in angle brackets stands for many: `<N>` a number, `<name>` a word, `<clientid>` anything. */
  readonly name: string;
  readonly type: ValueType<T>;
  /** The value when none is given, as it would be written. Of no meaning for a key that stands for many. */
  readonly fallback: string;
  /** What it does, for people. */
  readonly summary: string;
  /** A value to show. */
  readonly example?: string;
  /** Without this feature built, the key warns. */
  readonly feature?: Feature;
  /** A value that asks for nothing of the feature, beside `off`, `false` and nothing. */
  readonly without?: string;
  /** Why the key does nothing here, for keys that are only known so that old files load. */
  readonly retired?: string;
  /** Hides what is secret in a value. */
  readonly mask?: (text: string) => string;
}

/** What a key may have beside its name, type, default and summary. */
export type KeyOptions = Pick<Key<unknown>, 'example' | 'feature' | 'without' | 'retired' | 'mask'>;

/** Makes a key. */
export const key = <T>(
  name: string,
  type: ValueType<T>,
  fallback: string,
  summary: string,
  options: KeyOptions = {},
): Key<T> => ({ name, type, fallback, summary, ...options });

/** Keys that belong together in a file. */
export interface KeySection {
  readonly title: string;
  readonly keys: Readonly<Record<string, Key<unknown>>>;
}

/** One file of the configuration. */
export interface ConfFile {
  readonly name: string;
  readonly title: string;
  readonly sections: readonly KeySection[];
}

/** Every key of a file, in order. */
export const keysOf = (file: ConfFile): readonly Key<unknown>[] =>
  file.sections.flatMap((section) => Object.values(section.keys));

/** Whether a value asks for nothing of the key's feature, so that it holds with the feature or without. */
export const asksForNothing = (key: Key<unknown>, text: string): boolean =>
  ['', 'off', 'false', 'verify_none', key.without].includes(text);

/** For values that are secret as a whole. */
export const hidden = (text: string): string => (text === '' ? '' : '***');

/** For addresses that may hold a user name and a password. */
export const hiddenUserinfo = (text: string): string => text.replace(/\/\/[^/]*@/, '//***@');

const wildcards: Readonly<Record<string, string>> = {
  '<N>': '(0|[1-9]\\d{0,4})',
  '<name>': '(\\w+)',
  '<clientid>': '(.+)',
};
const wildcard = /(<\w+>)/;

/** Whether the key stands for many. */
export const isPattern = (name: string): boolean => wildcard.test(name);

/** A pattern for the names of a key; what its wildcards stand for is captured. `write` changes the fixed parts. */
export function namePattern(name: string, write: (part: string) => string = (part) => part): RegExp {
  const parts = name.split(wildcard).map((part) => wildcards[part] ?? write(part).replaceAll('.', '\\.'));
  return new RegExp(`^${parts.join('')}$`, 's');
}

/** A name that the key may have, to show. */
export const sampleName = (name: string): string =>
  name.replace('<N>', '1').replace('<name>', 'buffer').replace('<clientid>', 'sensor-7');
