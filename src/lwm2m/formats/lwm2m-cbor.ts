import { DecodeError } from '../../core/errors.js';
import { formatPath, type Path } from '../path.js';
import { CborReader } from './cbor-reader.js';
import { CborWriter } from './cbor-writer.js';
import type { EntryList } from './entry-list.js';
import { EncodeError } from './errors.js';
import type { Removal, WireEntry } from './wire-entry.js';

/**
 * Decodes LwM2M CBOR [LwM2M 1.2 7.4.4]: maps within maps, from the object down. A key is one id or an array of several,
 * so `{3: {0: {9: 80}}}` and `{[3, 0, 9]: 80}` say the same.
 */
export function decodeLwm2mCbor(payload: Buffer, list: EntryList): void {
  const reader = new CborReader(payload);
  level(reader, [], list);
  reader.finish();
}

/** Encodes LwM2M CBOR with one id per key. It has no place for timestamps. */
export function encodeLwm2mCbor(entries: readonly (WireEntry | Removal)[]): Buffer {
  const root: Tree = new Map();
  for (const entry of entries) plant(root, entry);
  const writer = new CborWriter();
  writeTree(writer, root);
  return writer.finish();
}

function level(reader: CborReader, prefix: Path, list: EntryList): void {
  reader.pairs(() => {
    const path = [...prefix, ...readKey(reader)];
    // Four ids at the most, and every key has one at least: maps cannot nest deeper than that.
    if (path.length > 4) throw new DecodeError(`${formatPath(path)} is too long for a path`);
    if (reader.atMap()) {
      level(reader, path, list);
      return;
    }
    const value = reader.scalar();
    if (value === null) throw new DecodeError(`${formatPath(path)} has no value`);
    list.add(path, value);
  });
}

function readKey(reader: CborReader): number[] {
  if (!reader.atArray()) return [readId(reader)];
  const ids: number[] = [];
  reader.array(() => {
    if (ids.push(readId(reader)) > 4) throw new DecodeError('a key of more than four ids');
  });
  if (ids.length === 0) throw new DecodeError('a key without ids');
  return ids;
}

function readId(reader: CborReader): number {
  const id = reader.scalar();
  if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > 65534)
    throw new DecodeError('a key that is no id');
  return id;
}

type Tree = Map<number, Tree | WireEntry | Removal>;

function plant(root: Tree, entry: WireEntry | Removal): void {
  let tree = root;
  for (const id of entry.path.slice(0, -1)) {
    const next: Tree | WireEntry | Removal = tree.get(id) ?? new Map();
    if (!(next instanceof Map)) throw new EncodeError(`${formatPath(entry.path)} lies below another value`);
    tree.set(id, next);
    tree = next;
  }
  const last = entry.path[entry.path.length - 1] as number;
  if (tree.has(last)) throw new EncodeError(`${formatPath(entry.path)} has two values`);
  tree.set(last, entry);
}

function writeTree(writer: CborWriter, tree: Tree): void {
  writer.map(tree.size);
  for (const [id, child] of tree) {
    writer.integer(id);
    if (child instanceof Map) writeTree(writer, child);
    else if ('removed' in child) writer.null();
    else writer.value(child);
  }
}
