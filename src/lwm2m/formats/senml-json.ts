import { formatPath, type Path } from '../path.js';
import { formatFloat } from './decimal.js';
import type { Typed } from './fit.js';
import { formatJsonValue } from './json-value.js';
import { namesFor } from './names.js';
import type { Removal, WireEntry } from './wire-entry.js';

const LABELS: Readonly<Record<Typed['type'], string>> = {
  String: 'vs',
  Corelnk: 'vs',
  Integer: 'v',
  'Unsigned Integer': 'v',
  Time: 'v',
  Float: 'v',
  Boolean: 'vb',
  Opaque: 'vd',
  Objlnk: 'vlo',
};

/** Encodes a SenML JSON pack [RFC 8428 5]; the base name stands in the first record only. */
export function encodeSenmlJson(base: Path, entries: readonly (WireEntry | Removal)[]): Buffer {
  const names = namesFor(
    base,
    entries.map((entry) => entry.path),
  );
  const records = entries.map((entry, index) => {
    const members: string[] = [];
    if (index === 0 && names.base !== undefined) members.push(`"bn":"${names.base}"`);
    const name = names.rest(entry.path);
    if (name !== '') members.push(`"n":"${name}"`);
    if ('removed' in entry) {
      members.push('"v":null');
    } else {
      members.push(`"${LABELS[entry.type]}":${formatJsonValue(entry, 'base64url')}`);
      if (entry.time !== undefined) members.push(`"t":${formatFloat(entry.time)}`);
    }
    return `{${members.join(',')}}`;
  });
  return Buffer.from(`[${records.join(',')}]`, 'utf8');
}

/** Encodes a list of paths as records without values. */
export function encodeSenmlJsonPaths(paths: readonly Path[]): Buffer {
  return Buffer.from(`[${paths.map((path) => `{"n":"${formatPath(path)}"}`).join(',')}]`, 'utf8');
}
