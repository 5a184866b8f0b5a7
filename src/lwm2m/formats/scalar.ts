import { DecodeError } from '../../core/errors.js';
import type { Scalar } from './pack-reader.js';

/** The value as a number, exact; a DecodeError when it is none. */
export function numberFrom(value: Scalar): number | bigint {
  if (typeof value !== 'number' && typeof value !== 'bigint') throw new DecodeError('no number where one should be');
  return value;
}

/** The value as a string; a DecodeError when it is none. */
export function textFrom(value: Scalar): string {
  if (typeof value !== 'string') throw new DecodeError('no text where it should be');
  return value;
}

/** The value as a boolean; a DecodeError when it is none. */
export function booleanFrom(value: Scalar): boolean {
  if (typeof value !== 'boolean') throw new DecodeError('no boolean where one should be');
  return value;
}
