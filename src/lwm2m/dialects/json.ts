import { attempt, DecodeError } from '../../core/errors.js';
import { parseDecimal } from '../formats/decimal.js';

/** A JSON value; integers that a number cannot hold exactly are bigints. */
export type Json = null | boolean | number | bigint | string | Json[] | { [key: string]: Json };

/** A JSON object. */
export type JsonObject = { [key: string]: Json };

/** Digits from which a number may be rounded by JSON.parse. */
const longNumber = /\d{16}/;
const token = /"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|-?\d[\d.eE+-]*/gs;

/** How deep a command may be nested: whoever answers it with what it holds follows it down. */
export const MAX_JSON_DEPTH = 500;

/** Parses JSON with exact integers of up to 20 digits, nested at most so deep. */
export function parseJson(text: string, maxDepth = MAX_JSON_DEPTH): Json | DecodeError {
  return attempt(() => {
    // A level takes a character at least.
    if (text.length > maxDepth && isDeeper(text, maxDepth)) throw new DecodeError(`nested deeper than ${maxDepth}`);
    try {
      return longNumber.test(text) ? parseLong(text) : (JSON.parse(text) as Json);
    } catch (error) {
      // Too large for the parser, or for the expression that goes before it.
      if (error instanceof SyntaxError || error instanceof RangeError) throw new DecodeError(error.message);
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
  return typeof value === 'object' && isCommon(value) ? JSON.stringify(value) : writeExactly(value);
}

/** Whether JSON.stringify writes a value as it should be, which it does several times as fast for objects. */
function isCommon(value: Json | undefined): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object') return typeof value === 'string' || typeof value === 'boolean';
  if (value === null) return true;
  if (Array.isArray(value)) return value.every(isCommon);
  for (const key of Object.keys(value)) if (!isCommon(value[key])) return false;
  return true;
}

function writeExactly(value: Json | undefined): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : `"${value}"`;
  if (typeof value !== 'object') return value === undefined ? 'null' : String(value);
  if (value === null) return 'null';
  if (Array.isArray(value)) return `[${value.map(writeExactly).join(',')}]`;
  let text = '';
  for (const key of Object.keys(value)) {
    text += `${text === '' ? '{' : ','}${JSON.stringify(key)}:${writeExactly(value[key])}`;
  }
  return text === '' ? '{}' : `${text}}`;
}

/**
 * JSON.parse with every number carried through it as a string: `n` before the digits of a number, `s` before the
 * characters of a string, so that neither can be taken for the other.
 */
function parseLong(text: string): Json {
  // Checked first, so that every string ends and none is looked for in vain to the end of the text.
  JSON.parse(text);
  const carried = text.replace(token, (found: string, colon: string | undefined) => {
    if (colon !== undefined) return found;
    return found.startsWith('"') ? `"s${found.slice(1)}` : `"n${found}"`;
  });
  return JSON.parse(carried, (_key, value: Json) => {
    if (typeof value !== 'string') return value;
    if (value.startsWith('s')) return value.slice(1);
    const number = parseDecimal(value.slice(1));
    if (number === undefined) throw new DecodeError(`${value.slice(1, 40)} is not a number`);
    return number;
  }) as Json;
}

/** Whether brackets that stand in no string are nested deeper than `depth`. */
function isDeeper(text: string, depth: number): boolean {
  let level = 0;
  for (let i = 0; i < text.length; i += 1) {
    const character = text.charCodeAt(i);
    if (character === QUOTE) {
      i = endOfString(text, i);
    } else if (character === OPEN_BRACKET || character === OPEN_BRACE) {
      level += 1;
      if (level > depth) return true;
    } else if (character === CLOSE_BRACKET || character === CLOSE_BRACE) {
      level -= 1;
    }
  }
  return false;
}

/** Where the string that begins at `from` has its closing quote, or the text its end. */
function endOfString(text: string, from: number): number {
  let end = text.indexOf('"', from + 1);
  while (end > 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end < 0 ? text.length : end;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
  return backslashes % 2 === 1;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
