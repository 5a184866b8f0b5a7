import { assertNever } from '../../core/errors.js';
import type { ObjectLink, ResourceType, Value } from '../values.js';
import { simplest } from './decimal.js';
import { parseObjectLink } from './object-link.js';

/** A value together with its type, each in the form the house holds it. */
export type Typed =
  | { readonly type: 'String' | 'Corelnk'; readonly value: string }
  | { readonly type: 'Integer' | 'Unsigned Integer' | 'Time'; readonly value: number | bigint }
  | { readonly type: 'Float'; readonly value: number }
  | { readonly type: 'Boolean'; readonly value: boolean }
  | { readonly type: 'Opaque'; readonly value: Buffer }
  | { readonly type: 'Objlnk'; readonly value: ObjectLink };

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const UINT64_MAX = 2n ** 64n - 1n;

/** A value as a resource of this type holds it, converted only where nothing is lost; undefined when it does not fit. */
export function fit(type: ResourceType, value: Value): Typed | undefined {
  switch (type) {
    case 'String':
    case 'Corelnk':
      return typeof value === 'string' ? { type, value } : undefined;
    case 'Integer':
    case 'Time':
      return wrap(type, integer(value, INT64_MIN, INT64_MAX));
    case 'Unsigned Integer':
      return wrap(type, integer(value, 0n, UINT64_MAX));
    case 'Float':
      if (typeof value === 'number') return { type, value };
      return typeof value === 'bigint' ? { type, value: Number(value) } : undefined;
    case 'Boolean':
      if (typeof value === 'boolean') return { type, value };
      return value === 0 || value === 1 ? { type, value: value === 1 } : undefined;
    case 'Opaque':
      return Buffer.isBuffer(value) ? { type, value } : undefined;
    case 'Objlnk': {
      const link = typeof value === 'string' ? parseObjectLink(value) : value;
      return isObjectLink(link) ? { type, value: link } : undefined;
    }
    case 'None':
      return undefined;
    default:
      return assertNever(type);
  }
}

/** The type that a value of a self-describing format tells of itself. */
export function typeOf(value: Value): ResourceType {
  if (typeof value === 'string') return 'String';
  if (typeof value === 'boolean') return 'Boolean';
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'Integer' : 'Float';
  if (typeof value === 'bigint') {
    if (value >= INT64_MIN && value <= INT64_MAX) return 'Integer';
    return value > 0n && value <= UINT64_MAX ? 'Unsigned Integer' : 'Float';
  }
  return Buffer.isBuffer(value) ? 'Opaque' : 'Objlnk';
}

function wrap(type: 'Integer' | 'Unsigned Integer' | 'Time', value: number | bigint | undefined): Typed | undefined {
  return value === undefined ? undefined : { type, value };
}

function integer(value: Value, min: bigint, max: bigint): number | bigint | undefined {
  if (typeof value === 'number') {
    if (!Number.isInteger(value)) return undefined;
    // The sum turns -0 into 0.
    if (Number.isSafeInteger(value)) return value < 0 && min === 0n ? undefined : value + 0;
    return integer(BigInt(value), min, max);
  }
  return typeof value === 'bigint' && value >= min && value <= max ? simplest(value) : undefined;
}

function isObjectLink(value: Value | undefined): value is ObjectLink {
  if (typeof value !== 'object' || Buffer.isBuffer(value)) return false;
  return isId(value.objectId) && isId(value.instanceId);
}

function isId(id: number): boolean {
  return Number.isInteger(id) && id >= 0 && id <= 65535;
}
