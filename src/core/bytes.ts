import { DecodeError } from './errors.js';

/** A cursor over received bytes, big-endian. Checks the length before every read; what is missing is a DecodeError. */
export class Reader {
  readonly buffer: Buffer;
  readonly end: number;
  offset: number;

  constructor(buffer: Buffer, offset = 0, end = buffer.length) {
    this.buffer = buffer;
    this.offset = offset;
    this.end = end;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.end - this.offset;
  }

  u8(): number {
    return this.buffer[this.take(1)] as number;
  }

  u16(): number {
    return this.buffer.readUInt16BE(this.take(2));
  }

  u24(): number {
    return this.buffer.readUIntBE(this.take(3), 3);
  }

  u32(): number {
    return this.buffer.readUInt32BE(this.take(4));
  }

  /** Six bytes, exact as a number. */
  u48(): number {
    return this.buffer.readUIntBE(this.take(6), 6);
  }

  u64(): bigint {
    return this.buffer.readBigUInt64BE(this.take(8));
  }

  /** The next `length` bytes as a view of the received buffer, not a copy. */
  bytes(length: number): Buffer {
    const start = this.take(length);
    return this.buffer.subarray(start, start + length);
  }

  /** All that is left, as a view. */
  rest(): Buffer {
    return this.bytes(this.remaining);
  }

  /** All that is left, or the next `length` bytes, as UTF-8. */
  text(length = this.remaining): string {
    const start = this.take(length);
    return this.buffer.toString('utf8', start, start + length);
  }

  private take(length: number): number {
    const start = this.offset;
    if (start + length > this.end) throw new DecodeError(`${length} bytes wanted, ${this.end - start} left`, start);
    this.offset = start + length;
    return start;
  }
}

/** Up to this many characters it is quicker to look at each than to call for it. */
const shortText = 24;

/** The bytes of a text in UTF-8. */
export function utf8Length(text: string): number {
  if (text.length > shortText) return Buffer.byteLength(text);
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return Buffer.byteLength(text);
  return text.length;
}

/** A growing buffer, big-endian. Values are cut to their width as Node's buffers refuse to do: callers check ranges. */
export class Writer {
  private buffer: Buffer;
  private length = 0;

  constructor(capacity = 64) {
    this.buffer = Buffer.allocUnsafe(capacity);
  }

  /** Bytes written so far. */
  get size(): number {
    return this.length;
  }

  u8(value: number): this {
    const at = this.grow(1);
    this.buffer[at] = value;
    return this;
  }

  u16(value: number): this {
    const at = this.grow(2);
    this.buffer.writeUInt16BE(value, at);
    return this;
  }

  u24(value: number): this {
    const at = this.grow(3);
    this.buffer.writeUIntBE(value, at, 3);
    return this;
  }

  u32(value: number): this {
    const at = this.grow(4);
    this.buffer.writeUInt32BE(value, at);
    return this;
  }

  u48(value: number): this {
    const at = this.grow(6);
    this.buffer.writeUIntBE(value, at, 6);
    return this;
  }

  u64(value: bigint): this {
    const at = this.grow(8);
    this.buffer.writeBigUInt64BE(value, at);
    return this;
  }

  bytes(value: Uint8Array): this {
    const at = this.grow(value.length);
    this.buffer.set(value, at);
    return this;
  }

  text(value: string): this {
    const length = utf8Length(value);
    const at = this.grow(length);
    if (length === value.length && length <= shortText) {
      for (let i = 0; i < length; i++) this.buffer[at + i] = value.charCodeAt(i);
    } else this.buffer.write(value, at, length, 'utf8');
    return this;
  }

  /** What was written, as a view of the writer's buffer: the writer must not be used afterwards. */
  finish(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  /** Makes room and gives its offset. May replace the buffer: call it before `this.buffer` is read. */
  private grow(by: number): number {
    const start = this.length;
    const needed = start + by;
    if (needed > this.buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2));
      this.buffer.copy(larger, 0, 0, start);
      this.buffer = larger;
    }
    this.length = needed;
    return start;
  }
}
