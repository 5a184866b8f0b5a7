import { formatPath, isBelow, type Path } from '../path.js';
import type { Entry } from '../values.js';
import { EncodeError } from './errors.js';
import { fit, type Typed } from './fit.js';
import { ABSOLUTE } from './names.js';

/** An entry ready to be written: its value checked against its type, its path against the base. */
export type WireEntry = Typed & { readonly path: Path; readonly time?: number };

/** A resource instance that is to go. */
export interface Removal {
  readonly path: Path;
  readonly removed: true;
}

/** Checks an entry for writing below `base`. */
export function toWireEntry(entry: Entry, base: Path): WireEntry {
  const { path, time } = entry;
  const ids = path.every((id) => Number.isInteger(id) && id >= 0 && id <= 65534);
  if (!ids || path.length < 3 || path.length > 4) throw new EncodeError(`${formatPath(path)} is not a resource`);
  if (!isBelow(path, base)) throw new EncodeError(`${formatPath(path)} is not below ${formatPath(base)}`);
  // A smaller one would be read as relative to now.
  if (time !== undefined && !(Number.isFinite(time) && time >= ABSOLUTE)) {
    throw new EncodeError(`the time of ${formatPath(path)} cannot be written`);
  }
  const fitted = fit(entry.type, entry.value);
  if (fitted === undefined) throw new EncodeError(`the value of ${formatPath(path)} is not of type ${entry.type}`);
  return { ...fitted, path, time };
}
