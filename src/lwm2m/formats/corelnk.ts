import { type EntryList, misfit } from './entry-list.js';
import { EncodeError } from './errors.js';
import type { Typed } from './fit.js';

/** Decodes application/link-format as the value of a Corelnk resource; reading links out of it is for parseLinks. */
export function decodeCorelnk(payload: Buffer, list: EntryList): void {
  const text = payload.toString('utf8');
  const type = list.typeAt(list.request);
  if (type === undefined) list.guess(list.request, 'Corelnk', text);
  else if (type === 'Corelnk') list.put(list.request, type, text);
  else throw misfit(list.request, type);
}

/** Encodes the value of one Corelnk resource as application/link-format. */
export function encodeCorelnk(entry: Typed): Buffer {
  if (entry.type !== 'Corelnk')
    throw new EncodeError(`application/link-format cannot hold a value of type ${entry.type}`);
  return Buffer.from(entry.value, 'utf8');
}
