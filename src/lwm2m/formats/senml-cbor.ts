import { formatPath, type Path } from '../path.js';
import { CborWriter } from './cbor-writer.js';
import type { Typed } from './fit.js';
import { namesFor } from './names.js';
import type { Removal, WireEntry } from './wire-entry.js';

/** Labels [RFC 8428 6]. */
const BASE_NAME = -2;
const NAME = 0;
const VALUE = 2;
const TIME = 6;

const LABELS: Readonly<Record<Typed['type'], number | string>> = {
  String: 3,
  Corelnk: 3,
  Integer: VALUE,
  'Unsigned Integer': VALUE,
  Time: VALUE,
  Float: VALUE,
  Boolean: 4,
  Opaque: 8,
  // The only label of LwM2M's own, and text even here.
  Objlnk: 'vlo',
};

/** Encodes a SenML CBOR pack; the base name stands in the first record only. */
export function encodeSenmlCbor(base: Path, entries: readonly (WireEntry | Removal)[]): Buffer {
  const names = namesFor(
    base,
    entries.map((entry) => entry.path),
  );
  const writer = new CborWriter().array(entries.length);
  for (const [index, entry] of entries.entries()) {
    const baseName = index === 0 ? names.base : undefined;
    const name = names.rest(entry.path);
    const time = 'removed' in entry ? undefined : entry.time;
    writer.map(1 + (baseName === undefined ? 0 : 1) + (name === '' ? 0 : 1) + (time === undefined ? 0 : 1));
    if (baseName !== undefined) writer.integer(BASE_NAME).text(baseName);
    if (name !== '') writer.integer(NAME).text(name);
    if ('removed' in entry) {
      writer.integer(VALUE).null();
      continue;
    }
    const label = LABELS[entry.type];
    if (typeof label === 'number') writer.integer(label);
    else writer.text(label);
    writer.value(entry);
    if (time !== undefined) writeTime(writer.integer(TIME), time);
  }
  return writer.finish();
}

/** Encodes a list of paths as records without values. */
export function encodeSenmlCborPaths(paths: readonly Path[]): Buffer {
  const writer = new CborWriter().array(paths.length);
  for (const path of paths) writer.map(1).integer(NAME).text(formatPath(path));
  return writer.finish();
}

function writeTime(writer: CborWriter, seconds: number): void {
  if (Number.isSafeInteger(seconds)) writer.integer(seconds);
  else writer.float(seconds);
}
