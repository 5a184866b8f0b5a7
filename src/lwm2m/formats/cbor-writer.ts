import { Writer } from '../../core/bytes.js';
import { assertNever } from '../../core/errors.js';
import type { Typed } from './fit.js';
import { formatObjectLink } from './object-link.js';

/** Writes CBOR [RFC 8949] in its shortest forms, except that floats have at least 32 bits: few devices read halves. */
export class CborWriter {
  private readonly writer = new Writer();

  array(length: number): this {
    return this.head(4, length);
  }

  /** The head of a map; `size` keys and values must follow. */
  map(size: number): this {
    return this.head(5, size);
  }

  integer(value: number | bigint): this {
    return value < 0 ? this.head(1, typeof value === 'number' ? -1 - value : -1n - value) : this.head(0, value);
  }

  text(value: string): this {
    this.head(3, Buffer.byteLength(value));
    this.writer.text(value);
    return this;
  }

  bytes(value: Buffer): this {
    this.head(2, value.length);
    this.writer.bytes(value);
    return this;
  }

  boolean(value: boolean): this {
    this.writer.u8(value ? 0xf5 : 0xf4);
    return this;
  }

  null(): this {
    this.writer.u8(0xf6);
    return this;
  }

  float(value: number): this {
    const single = Math.fround(value) === value || Number.isNaN(value);
    const bytes = Buffer.allocUnsafe(single ? 4 : 8);
    if (single) bytes.writeFloatBE(value);
    else bytes.writeDoubleBE(value);
    this.writer.u8(single ? 0xfa : 0xfb).bytes(bytes);
    return this;
  }

  /** A resource's value; an object link is text [LwM2M C]. */
  value(entry: Typed): this {
    switch (entry.type) {
      case 'String':
      case 'Corelnk':
        return this.text(entry.value);
      case 'Integer':
      case 'Unsigned Integer':
      case 'Time':
        return this.integer(entry.value);
      case 'Float':
        return this.float(entry.value);
      case 'Boolean':
        return this.boolean(entry.value);
      case 'Opaque':
        return this.bytes(entry.value);
      case 'Objlnk':
        return this.text(formatObjectLink(entry.value));
      default:
        return assertNever(entry);
    }
  }

  /** What was written; the writer must not be used afterwards. */
  finish(): Buffer {
    return this.writer.finish();
  }

  private head(major: number, argument: number | bigint): this {
    const type = major << 5;
    if (argument < 24) this.writer.u8(type | Number(argument));
    else if (argument < 0x100) this.writer.u8(type | 24).u8(Number(argument));
    else if (argument < 0x10000) this.writer.u8(type | 25).u16(Number(argument));
    else if (argument < 0x100000000) this.writer.u8(type | 26).u32(Number(argument));
    else this.writer.u8(type | 27).u64(BigInt(argument));
    return this;
  }
}
