import { assertNever } from '../../core/errors.js';
import type { ResourceType, Value } from '../values.js';
import { simplest } from './decimal.js';
import { EncodeError } from './errors.js';
import type { Typed } from './fit.js';

/** Reads the value bytes of a TLV by the declared type; undefined when they cannot be one. Opaque is a view. */
export function readTlvValue(type: ResourceType, bytes: Buffer): Value | undefined {
  switch (type) {
    case 'Integer':
    case 'Time':
      return readSigned(bytes);
    case 'Unsigned Integer':
      return readUnsigned(bytes);
    case 'Float':
      if (bytes.length === 4) return bytes.readFloatBE();
      return bytes.length === 8 ? bytes.readDoubleBE() : undefined;
    case 'Boolean':
      return bytes.length === 1 && bytes.readUInt8() <= 1 ? bytes.readUInt8() === 1 : undefined;
    case 'Objlnk':
      if (bytes.length !== 4) return undefined;
      return { objectId: bytes.readUInt16BE(), instanceId: bytes.readUInt16BE(2) };
    case 'Opaque':
    case 'None':
      return bytes;
    case 'String':
    case 'Corelnk':
      return bytes.toString('utf8');
    default:
      return assertNever(type);
  }
}

/** Writes a value as TLV value bytes: integers in the fewest of 1, 2, 4, 8 bytes, floats in 4 when those are exact. */
export function writeTlvValue(entry: Typed): Buffer {
  switch (entry.type) {
    case 'Integer':
    case 'Time':
      return writeSigned(BigInt(entry.value));
    case 'Unsigned Integer':
      return writeUnsigned(BigInt(entry.value));
    case 'Float':
      return writeFloat(entry.value);
    case 'Boolean':
      return Buffer.of(entry.value ? 1 : 0);
    case 'Objlnk': {
      const bytes = Buffer.allocUnsafe(4);
      bytes.writeUInt16BE(entry.value.objectId);
      bytes.writeUInt16BE(entry.value.instanceId, 2);
      return bytes;
    }
    case 'Opaque':
      return entry.value;
    case 'String':
    case 'Corelnk':
      return Buffer.from(entry.value, 'utf8');
    default:
      return assertNever(entry);
  }
}

function readSigned(bytes: Buffer): number | bigint | undefined {
  if (bytes.length === 8) return simplest(bytes.readBigInt64BE());
  return isShortInteger(bytes) ? bytes.readIntBE(0, bytes.length) : undefined;
}

function readUnsigned(bytes: Buffer): number | bigint | undefined {
  if (bytes.length === 8) return simplest(bytes.readBigUInt64BE());
  return isShortInteger(bytes) ? bytes.readUIntBE(0, bytes.length) : undefined;
}

function isShortInteger(bytes: Buffer): boolean {
  return bytes.length === 1 || bytes.length === 2 || bytes.length === 4;
}

function writeSigned(value: bigint): Buffer {
  return writeBits(value, (bits) => BigInt.asIntN(bits, value) === value);
}

function writeUnsigned(value: bigint): Buffer {
  return writeBits(value, (bits) => BigInt.asUintN(bits, value) === value);
}

function writeBits(value: bigint, fits: (bits: number) => boolean): Buffer {
  const bits = [8, 16, 32, 64].find(fits);
  if (bits === undefined) throw new EncodeError(`${value} has more than 64 bits`);
  const whole = Buffer.allocUnsafe(8);
  whole.writeBigUInt64BE(BigInt.asUintN(64, value));
  return whole.subarray(8 - bits / 8);
}

function writeFloat(value: number): Buffer {
  const exact = Math.fround(value) === value || Number.isNaN(value);
  const bytes = Buffer.allocUnsafe(exact ? 4 : 8);
  if (exact) bytes.writeFloatBE(value);
  else bytes.writeDoubleBE(value);
  return bytes;
}
