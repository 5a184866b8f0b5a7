import { DecodeError } from '../../core/errors.js';
import { CborReader } from './cbor-reader.js';
import { CborWriter } from './cbor-writer.js';
import type { EntryList } from './entry-list.js';
import type { Typed } from './fit.js';

/** Decodes application/cbor: one value at the path that was asked for [LwM2M 1.1 7.4.3]. */
export function decodeCbor(payload: Buffer, list: EntryList): void {
  const reader = new CborReader(payload);
  const value = reader.scalar();
  reader.finish();
  if (value === null) throw new DecodeError('null is no value');
  list.add(list.request, value);
}

/** Encodes one value as application/cbor. */
export function encodeCbor(entry: Typed): Buffer {
  return new CborWriter().value(entry).finish();
}
