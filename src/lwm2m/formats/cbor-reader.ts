import { Reader, Writer } from '../../core/bytes.js';
import { DecodeError } from '../../core/errors.js';
import { parseDecimal, simplest } from './decimal.js';
import { MAX_DEPTH, type PackReader, type Scalar } from './pack-reader.js';

/** Major types [RFC 8949 3.1]. */
const UNSIGNED = 0;
const NEGATIVE = 1;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;
const TAG = 6;

const INDEFINITE = 31;
const BREAK = 0xff;

/** CBOR [RFC 8949] read piece by piece. Lengths are believed only as far as there are bytes. */
export class CborReader implements PackReader {
  private readonly reader: Reader;

  constructor(payload: Buffer) {
    this.reader = new Reader(payload);
  }

  array(each: () => void): void {
    this.items(ARRAY, each);
  }

  map(each: (label: string | number) => void): void {
    this.pairs(() => {
      const label = this.scalar();
      if (typeof label !== 'string' && typeof label !== 'number') throw this.error('a map label is no number or text');
      each(label);
    });
  }

  /** Calls `each` for every pair of the map that is next; `each` must read two items, key and value. */
  pairs(each: () => void): void {
    this.items(MAP, each);
  }

  /** Whether the next item is an array. */
  atArray(): boolean {
    return this.major() === ARRAY;
  }

  /** Whether the next item is a map. */
  atMap(): boolean {
    return this.major() === MAP;
  }

  /** A value without structure; tags are read over except where they change the number: 2 to 5 [RFC 8949 3.4]. */
  scalar(): Scalar {
    for (;;) {
      const initial = this.reader.u8();
      const info = initial & 31;
      switch (initial >> 5) {
        case UNSIGNED:
          return this.argument(info);
        case NEGATIVE:
          return negate(this.argument(info));
        case BYTES:
          return this.bytes(BYTES, info);
        case TEXT:
          if (info !== INDEFINITE) return this.reader.text(Number(this.argument(info)));
          return this.bytes(TEXT, info).toString('utf8');
        case ARRAY:
        case MAP:
          throw this.error('an array or map where a value should be');
        case TAG: {
          const tag = this.argument(info);
          if (tag === 2 || tag === 3) return this.bignum(tag);
          if (tag === 4 || tag === 5) return this.fraction(tag);
          break;
        }
        default:
          return this.simple(info);
      }
    }
  }

  skip(depth = 0): void {
    if (depth > MAX_DEPTH) throw this.error('nested too deep');
    switch (this.major()) {
      case ARRAY:
        return this.array(() => this.skip(depth + 1));
      case MAP:
        return this.pairs(() => {
          this.skip(depth + 1);
          this.skip(depth + 1);
        });
      case TAG:
        this.argument(this.reader.u8() & 31);
        return this.skip(depth + 1);
      default:
        this.scalar();
    }
  }

  finish(): void {
    if (this.reader.remaining > 0) throw this.error('bytes after the end');
  }

  private items(major: number, each: () => void): void {
    const initial = this.reader.u8();
    if (initial >> 5 !== major) throw this.error(`an item of major type ${initial >> 5} where ${major} should be`);
    if ((initial & 31) === INDEFINITE) {
      while (!this.atBreak()) each();
      return;
    }
    // Each round reads a byte at least, so a count that lies ends in an error after the last byte.
    const count = this.argument(initial & 31);
    for (let i = 0; i < count; i += 1) each();
  }

  /** The number that follows an initial byte [RFC 8949 3]. */
  private argument(info: number): number | bigint {
    if (info < 24) return info;
    switch (info) {
      case 24:
        return this.reader.u8();
      case 25:
        return this.reader.u16();
      case 26:
        return this.reader.u32();
      case 27:
        return simplest(this.reader.u64());
      default:
        throw this.error('a reserved length');
    }
  }

  private bytes(major: number, info: number): Buffer {
    if (info !== INDEFINITE) return this.reader.bytes(Number(this.argument(info)));
    // Copied at once: a list of empty chunks would cost a hundred times their bytes.
    const whole = new Writer();
    while (!this.atBreak()) {
      const initial = this.reader.u8();
      if (initial >> 5 !== major || (initial & 31) === INDEFINITE) throw this.error('a bad chunk of a string');
      whole.bytes(this.reader.bytes(Number(this.argument(initial & 31))));
    }
    return whole.finish();
  }

  private simple(info: number): Scalar {
    switch (info) {
      case 20:
        return false;
      case 21:
        return true;
      case 22:
      case 23:
        return null;
      case 25:
        return half(this.reader.u16());
      case 26:
        return this.reader.bytes(4).readFloatBE();
      case 27:
        return this.reader.bytes(8).readDoubleBE();
      default:
        throw this.error(`simple value ${info}`);
    }
  }

  private bignum(tag: 2 | 3): number | bigint {
    const initial = this.reader.u8();
    if (initial >> 5 !== BYTES) throw this.error('a bignum that is no byte string');
    const bytes = this.bytes(BYTES, initial & 31);
    // Nothing here is wider than 64 bits; leading zeros are legal but not by the kilobyte.
    if (bytes.length > 16) throw this.error('a bignum beyond 64 bits');
    const magnitude = bytes.length === 0 ? 0n : BigInt(`0x${bytes.toString('hex')}`);
    return simplest(tag === 2 ? magnitude : -1n - magnitude);
  }

  /** Tag 4: mantissa times ten to the exponent, as exact as decimal text; tag 5: times two to the exponent. */
  private fraction(tag: 4 | 5): number | bigint {
    const parts: (number | bigint)[] = [];
    this.array(() => {
      const part = this.integer();
      if (parts.push(part) > 2) throw this.error('a fraction of more than two parts');
    });
    const [exponent, mantissa] = parts;
    if (exponent === undefined || mantissa === undefined) throw this.error('a fraction of fewer than two parts');
    const value = tag === 4 ? parseDecimal(`${mantissa}e${exponent}`) : Number(mantissa) * 2 ** Number(exponent);
    if (value === undefined || (typeof value === 'number' && !Number.isFinite(value)))
      throw this.error('a fraction beyond numbers');
    return value;
  }

  /** A plain integer or a bignum: what a fraction is made of. Not a fraction again, so nothing nests. */
  private integer(): number | bigint {
    const initial = this.reader.u8();
    const info = initial & 31;
    if (initial >> 5 === UNSIGNED) return this.argument(info);
    if (initial >> 5 === NEGATIVE) return negate(this.argument(info));
    if (initial !== 0xc2 && initial !== 0xc3) throw this.error('a part of a fraction is no integer');
    return this.bignum(initial === 0xc2 ? 2 : 3);
  }

  private major(): number {
    return this.peek() >> 5;
  }

  private atBreak(): boolean {
    if (this.peek() !== BREAK) return false;
    this.reader.u8();
    return true;
  }

  private peek(): number {
    const byte = this.reader.u8();
    this.reader.offset -= 1;
    return byte;
  }

  private error(what: string): DecodeError {
    return new DecodeError(`CBOR: ${what}`, this.reader.offset);
  }
}

function negate(argument: number | bigint): number | bigint {
  return typeof argument === 'number' && argument < Number.MAX_SAFE_INTEGER
    ? -1 - argument
    : simplest(-1n - BigInt(argument));
}

/** An IEEE 754 half: 1 sign bit, 5 exponent bits, 10 of fraction [RFC 8949 D]. */
function half(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const sign = bits >> 15 === 1 ? -1 : 1;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
