import { EncodeError } from './errors.js';

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,9}))?$/;

/** Digits of the largest 64-bit integer; a longer number cannot be one. */
const MOST_DIGITS = 20;

/** A number while it is safe, else the bigint itself: how the house holds integers. */
export function simplest(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/**
 * Reads a decimal number without loss: an integer in any notation (`12`, `1.2e1`, `12.0`) of up to 20 digits exactly,
 * as a bigint where a number is not safe; the rest as the nearest double. Undefined when it is none, or beyond doubles.
 */
export function parseDecimal(text: string): number | bigint | undefined {
  const match = DECIMAL.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  if (whole === '' && fraction === '') return undefined;
  const short = whole.length < 16 && match[4] === undefined;
  if (!short || fraction !== '') {
    const magnitude = exactInteger(whole, fraction, Number(exponent));
    if (magnitude !== undefined) return simplest(sign === '-' ? -magnitude : magnitude);
  }
  const nearest = Number(text);
  return Number.isFinite(nearest) ? nearest : undefined;
}

/** A double as decimal text that reads back as the same double. Decimal text has no words for infinities and NaN. */
export function formatFloat(value: number): string {
  if (!Number.isFinite(value)) throw new EncodeError(`${value} cannot be written as a decimal number`);
  return Object.is(value, -0) ? '-0.0' : String(value);
}

/** The integer that these digits make, or undefined when they make none, zero or one of more than 20 digits. */
function exactInteger(whole: string, fraction: string, exponent: number): bigint | undefined {
  const all = whole + fraction;
  let start = 0;
  while (all[start] === '0') start += 1;
  let end = all.length;
  while (end > start && all[end - 1] === '0') end -= 1;
  const zeros = all.length - end + exponent - fraction.length;
  if (start === end || zeros < 0 || end - start + zeros > MOST_DIGITS) return undefined;
  return BigInt(all.slice(start, end) + '0'.repeat(zeros));
}
