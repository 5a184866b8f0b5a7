import { attempt, DecodeError } from '../../core/errors.js';
import { parseDecimal } from '../formats/decimal.js';

/** A JSON value; integers that a number cannot hold exactly are bigints. */
export type Json = null | boolean | number | bigint | string | Json[] | { [key: string]: Json };

/** A JSON object. */
export type JsonObject = { [key: string]: Json };

/** Digits from which a number may be rounded by JSON.parse. */
const longNumber = /\d{16}/;
const token = /"(?:[^"\\]|\\.)*"(\s*:)?|-?\d[\d.eE+-]*/gs;

/** Parses JSON with exact integers of up to 20 digits. */
export function parseJson(text: string): Json | DecodeError {
  return attempt(() => {
    try {
      return longNumber.test(text) ? parseLong(text) : (JSON.parse(text) as Json);
    } catch (error) {
      if (error instanceof SyntaxError) throw new DecodeError(error.message);
      throw error;
    }
  });
}

/** Whether a value is an object with keys. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Writes JSON without blanks, keys in their order; what has no word in JSON (NaN, infinities) becomes a string. */
export function writeJson(value: Json | undefined): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : `"${value}"`;
  if (typeof value !== 'object') return value === undefined ? 'null' : String(value);
  if (value === null) return 'null';
  if (Array.isArray(value)) return `[${value.map(writeJson).join(',')}]`;
  let text = '';
  for (const key of Object.keys(value)) {
    text += `${text === '' ? '{' : ','}${JSON.stringify(key)}:${writeJson(value[key])}`;
  }
  return text === '' ? '{}' : `${text}}`;
}

/**
 * JSON.parse with every number carried through it as a string: `n` before the digits of a number, `s` before the
 * characters of a string, so that neither can be taken for the other.
 */
function parseLong(text: string): Json {
  const carried = text.replace(token, (found: string, colon: string | undefined) => {
    if (colon !== undefined) return found;
    return found.startsWith('"') ? `"s${found.slice(1)}` : `"n${found}"`;
  });
  return JSON.parse(carried, (_key, value: Json) => {
    if (typeof value !== 'string') return value;
    if (value.startsWith('s')) return value.slice(1);
    const number = parseDecimal(value.slice(1));
    if (number === undefined) throw new DecodeError(`${value.slice(1)} is not a number`);
    return number;
  }) as Json;
}
