import { DecodeError } from '../../core/errors.js';
import type { Path } from '../path.js';
import type { Value } from '../values.js';
import { parseBase64 } from './base64.js';
import { formatFloat } from './decimal.js';
import { type EntryList, tooMany } from './entry-list.js';
import type { Typed } from './fit.js';
import { JsonReader } from './json-reader.js';
import { formatJsonValue } from './json-value.js';
import { namesFor, resolveName, resolveTime } from './names.js';
import { parseObjectLink } from './object-link.js';
import type { Scalar } from './pack-reader.js';
import { numberFrom, textFrom } from './scalar.js';
import type { WireEntry } from './wire-entry.js';

const LABELS: Readonly<Record<Typed['type'], string>> = {
  String: 'sv',
  Corelnk: 'sv',
  Integer: 'v',
  'Unsigned Integer': 'v',
  Time: 'v',
  Float: 'v',
  Boolean: 'bv',
  Opaque: 'sv',
  Objlnk: 'ov',
};

interface Element {
  name: string;
  time?: number;
  value?: Value;
}

/** Decodes the JSON of LwM2M 1.0 [LwM2M 1.0 6.4.4]: `{"bn":"/3/0/","e":[{"n":"0","sv":"..."}],"bt":0}`. */
export function decodeJson(payload: Buffer, list: EntryList): void {
  const reader = new JsonReader(payload);
  // Base name and time may stand behind the elements they belong to.
  const elements: Element[] = [];
  let baseName = '';
  let baseTime: number | undefined;
  reader.map((label) => {
    if (label === 'bn') baseName = textFrom(reader.scalar());
    else if (label === 'bt') baseTime = Number(numberFrom(reader.scalar()));
    else if (label === 'e') {
      reader.array(() => {
        if (elements.push(readElement(reader)) > list.maxEntries) throw tooMany(list.maxEntries);
      });
    } else reader.skip();
  });
  reader.finish();
  for (const { name, time, value } of elements) {
    const path = resolveName(baseName, name, list.request);
    if (value === undefined) throw new DecodeError(`${baseName}${name} has no value`);
    const opaque = list.typeAt(path) === 'Opaque' && typeof value === 'string';
    list.add(path, opaque ? (parseBase64(value) ?? value) : value, resolveElementTime(baseTime, time, list.nowSeconds));
  }
}

/** Encodes the JSON of LwM2M 1.0. */
export function encodeJson(base: Path, entries: readonly WireEntry[]): Buffer {
  const names = namesFor(
    base,
    entries.map((entry) => entry.path),
  );
  const elements = entries.map((entry) => {
    const name = names.rest(entry.path);
    const time = entry.time === undefined ? '' : `,"t":${formatFloat(entry.time)}`;
    return `{${name === '' ? '' : `"n":"${name}",`}"${LABELS[entry.type]}":${formatJsonValue(entry, 'base64')}${time}}`;
  });
  const head = names.base === undefined ? '' : `"bn":"${names.base}",`;
  return Buffer.from(`{${head}"e":[${elements.join(',')}]}`, 'utf8');
}

function readElement(reader: JsonReader): Element {
  const element: Element = { name: '' };
  reader.map((label) => {
    switch (label) {
      case 'n':
        element.name = textFrom(reader.scalar());
        break;
      case 't':
        element.time = Number(numberFrom(reader.scalar()));
        break;
      case 'v':
      case 'sv':
      case 'bv':
      case 'ov':
        if (element.value !== undefined) throw new DecodeError('an element has more than one value');
        element.value = readValue(label, reader.scalar());
        break;
      default:
        reader.skip();
    }
  });
  return element;
}

function readValue(label: 'v' | 'sv' | 'bv' | 'ov', value: Scalar): Value {
  const kind = typeof value;
  const read = label === 'ov' && typeof value === 'string' ? parseObjectLink(value) : value;
  const right =
    label === 'v' ? kind === 'number' || kind === 'bigint' : kind === (label === 'bv' ? 'boolean' : 'string');
  if (!right || read === undefined || read === null) throw new DecodeError(`a value of ${label} of the wrong kind`);
  return read;
}

/** Unlike in SenML a base time is never relative, however small: the specification's own example lies in 1970. */
function resolveElementTime(base = 0, time?: number, now = 0): number | undefined {
  if (base === 0 && time === undefined) return undefined;
  const seconds = base + (time ?? 0);
  return base > 0 && Number.isFinite(seconds) ? seconds : resolveTime(seconds, now);
}
