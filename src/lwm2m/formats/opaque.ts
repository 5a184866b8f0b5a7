import { type EntryList, misfit } from './entry-list.js';
import { EncodeError } from './errors.js';
import type { Typed } from './fit.js';

/** Decodes application/octet-stream: the bytes of one Opaque resource, as a view of the payload. */
export function decodeOpaque(payload: Buffer, list: EntryList): void {
  const type = list.typeAt(list.request);
  if (type === undefined) list.guess(list.request, 'Opaque', payload);
  else if (type === 'Opaque') list.put(list.request, type, payload);
  else throw misfit(list.request, type);
}

/** Encodes one Opaque value as application/octet-stream. */
export function encodeOpaque(entry: Typed): Buffer {
  if (entry.type !== 'Opaque')
    throw new EncodeError(`application/octet-stream cannot hold a value of type ${entry.type}`);
  return entry.value;
}
