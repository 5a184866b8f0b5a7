import { assertNever } from '../../core/errors.js';
import { formatFloat } from './decimal.js';
import type { Typed } from './fit.js';
import { formatObjectLink } from './object-link.js';

/** A resource's value as a JSON literal, integers of 64 bits as plain numbers (JSON.stringify has no bigint). */
export function formatJsonValue(entry: Typed, alphabet: 'base64' | 'base64url'): string {
  switch (entry.type) {
    case 'String':
    case 'Corelnk':
      return JSON.stringify(entry.value);
    case 'Integer':
    case 'Unsigned Integer':
    case 'Time':
    case 'Boolean':
      return String(entry.value);
    case 'Float':
      return formatFloat(entry.value);
    case 'Opaque':
      return `"${entry.value.toString(alphabet)}"`;
    case 'Objlnk':
      return `"${formatObjectLink(entry.value)}"`;
    default:
      return assertNever(entry);
  }
}
