import { formatObjectLink } from '../formats/object-link.js';
import type { Value } from '../values.js';
import type { Json } from './json.js';

/** A value as both dialects show it: integers beyond 2^53 as strings, Opaque in base64, a link as `66:0`. */
export function valueToJson(value: Value): Json {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object') return value;
  return Buffer.isBuffer(value) ? value.toString('base64') : formatObjectLink(value);
}
