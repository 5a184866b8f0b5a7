import { assertNever } from '../../core/errors.js';
import type { ResourceType, Value } from '../values.js';
import { parseBase64 } from './base64.js';
import { formatFloat, parseDecimal } from './decimal.js';
import { type EntryList, misfit } from './entry-list.js';
import { fit, type Typed } from './fit.js';
import { formatObjectLink } from './object-link.js';

/** Decodes text/plain: one value at the path that was asked for; without a definition it is a String. */
export function decodeText(payload: Buffer, list: EntryList): void {
  const path = list.request;
  const text = payload.toString('utf8');
  const type = list.typeAt(path);
  if (type === undefined) {
    list.guess(path, 'String', text);
    return;
  }
  const value = parseText(type, text);
  const fitted = value === undefined ? undefined : fit(type, value);
  if (fitted === undefined) throw misfit(path, type);
  list.put(path, type, fitted.value);
}

/** Encodes one value as text/plain. */
export function encodeText(entry: Typed): Buffer {
  return Buffer.from(formatText(entry), 'utf8');
}

function parseText(type: ResourceType, text: string): Value | undefined {
  switch (type) {
    case 'Integer':
    case 'Unsigned Integer':
    case 'Time':
    case 'Float':
      return parseDecimal(text.trim());
    case 'Boolean':
      return parseBoolean(text.trim());
    case 'Opaque':
      return parseBase64(text.trim());
    case 'Objlnk':
      return text.trim();
    case 'String':
    case 'Corelnk':
    case 'None':
      return text;
    default:
      return assertNever(type);
  }
}

/** `1` and `0` as the specification says, `true` and `false` as devices do. */
function parseBoolean(text: string): boolean | undefined {
  if (text === '1' || text === 'true') return true;
  return text === '0' || text === 'false' ? false : undefined;
}

function formatText(entry: Typed): string {
  switch (entry.type) {
    case 'Boolean':
      return entry.value ? '1' : '0';
    case 'Float':
      return formatFloat(entry.value);
    case 'Opaque':
      return entry.value.toString('base64');
    case 'Objlnk':
      return formatObjectLink(entry.value);
    case 'String':
    case 'Corelnk':
    case 'Integer':
    case 'Unsigned Integer':
    case 'Time':
      return String(entry.value);
    default:
      return assertNever(entry);
  }
}
