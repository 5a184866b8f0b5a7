import { isIP } from 'node:net';
import {
  formatDuration,
  type Listener,
  parseDuration,
  parseFlag,
  parseList,
  parseListener,
  parseSize,
  parseWhole,
} from './units.js';

/** What a parser answers for a text it does not take. */
export const invalid = Symbol('invalid');

/** How the text of a value is read. */
export interface ValueType<T> {
  /** Completes "allowed is ...". */
  readonly allowed: string;
  /** Never throws. */
  parse(text: string): T | typeof invalid;
}

const valueType = <T>(allowed: string, parse: (text: string) => T | undefined): ValueType<T> => ({
  allowed,
  parse: (text) => parse(text) ?? invalid,
});

const within = (value: number | undefined, min: number, max: number): number | undefined =>
  value !== undefined && value >= min && value <= max ? value : undefined;

/** A whole number from `min` to `max`. */
export const integer = (min: number, max: number): ValueType<number> =>
  valueType(`${min}..${max}`, (text) => within(parseWhole(text), min, max));

/** `on | off | true | false`. */
export const flag: ValueType<boolean> = valueType('on | off | true | false', parseFlag);

/** A duration from `minMs` to `maxMs`, in milliseconds. */
export const durationMs = (minMs: number, maxMs: number): ValueType<number> =>
  valueType(`${range(minMs, maxMs)} (such as 15m, 1h30m, 500ms; a bare number is seconds)`, (text) =>
    within(parseDuration(text), minMs, maxMs),
  );

/** A duration of whole seconds, in seconds. */
export const durationSeconds = (min: number, max: number): ValueType<number> =>
  valueType(
    `${range(min * 1000, max * 1000)} in whole seconds (such as 15m, 1h30m; a bare number is seconds)`,
    (text) => {
      const ms = parseDuration(text);
      return ms === undefined || ms % 1000 !== 0 ? undefined : within(ms / 1000, min, max);
    },
  );

const range = (minMs: number, maxMs: number): string => `${formatDuration(minMs)}..${formatDuration(maxMs)}`;

/** A size from `min` to `max`, in bytes. */
export const size = (min: number, max: number): ValueType<number> =>
  valueType(`${min}..${max} bytes (such as 1024KB, 4MB)`, (text) => within(parseSize(text), min, max));

/** One of a few words. */
export const oneOf = <const T extends string>(...words: readonly T[]): ValueType<T> =>
  valueType(words.join(' | '), (text) => words.find((word) => word === text));

/** Any text of up to `maxBytes` bytes that is not empty. */
export const text = (maxBytes = 65_535): ValueType<string> =>
  valueType(`a text of 1..${maxBytes} bytes`, (value) =>
    value !== '' && Buffer.byteLength(value) <= maxBytes && !value.includes('\0') ? value : undefined,
  );

/** A file or folder. Old files may hold packaging's mark for the folder of the configuration. */
export const path = (what: 'file' | 'folder'): ValueType<string> =>
  valueType(`a ${what}`, (value) =>
    value === '' || value.includes('\0') ? undefined : value.replace(/^\{\{\s*platform_etc_dir\s*\}\}/, 'etc'),
  );

/** Where to listen: several by commas, or `off` for none. */
export const listeners: ValueType<readonly Listener[]> = valueType(
  'PORT or IP:PORT (such as 1884, 127.0.0.1:1884, [::1]:1884), several by commas, or off',
  (value) => (value === 'off' ? [] : everyOf(parseList(value), parseListener)),
);

/** One address to listen on. */
export const listener: ValueType<Listener> = valueType(
  'PORT or IP:PORT (such as 1884, 127.0.0.1:1884, [::1]:1884)',
  parseListener,
);

/** Several values of another type, by commas; at least one. */
export const list = <T>(of: ValueType<T>): ValueType<readonly T[]> =>
  valueType(`${of.allowed}, several by commas`, (value) =>
    everyOf(parseList(value), (part) => {
      const parsed = of.parse(part);
      return parsed === invalid ? undefined : parsed;
    }),
  );

/** An IP address, of one family or of either. */
export const ipAddress = (family?: 4 | 6): ValueType<string> =>
  valueType(`an IP${family === undefined ? '' : `v${family}`} address`, (value) => {
    const found = isIP(value);
    return found !== 0 && (family === undefined || found === family) ? value : undefined;
  });

/** Another type, or nothing at all. */
export const optional = <T>(of: ValueType<T>): ValueType<T | undefined> => ({
  allowed: `${of.allowed}, or nothing`,
  parse: (value) => (value === '' ? undefined : of.parse(value)),
});

/** Another type, or the word `off`, which is undefined. */
export const orOff = <T>(of: ValueType<T>): ValueType<T | undefined> => ({
  allowed: `${of.allowed}, or off`,
  parse: (value) => (value === 'off' ? undefined : of.parse(value)),
});

/** Undefined unless there are parts and each can be read. */
export function everyOf<T>(parts: readonly string[], parse: (part: string) => T | undefined): T[] | undefined {
  const parsed = parts.map(parse).filter((part) => part !== undefined);
  return parts.length > 0 && parsed.length === parts.length ? parsed : undefined;
}
