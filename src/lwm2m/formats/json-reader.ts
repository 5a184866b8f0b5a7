import { DecodeError } from '../../core/errors.js';
import { parseDecimal } from './decimal.js';
import { MAX_DEPTH, type PackReader, type Scalar } from './pack-reader.js';

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const BLANK = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** JSON [RFC 8259] read piece by piece, with numbers exact where JSON.parse rounds beyond 2^53. */
export class JsonReader implements PackReader {
  private readonly text: string;
  private index = 0;

  constructor(payload: Buffer) {
    this.text = payload.toString('utf8');
  }

  array(each: () => void): void {
    this.expect('[');
    if (this.accept(']')) return;
    do each();
    while (this.accept(','));
    this.expect(']');
  }

  map(each: (label: string) => void): void {
    this.expect('{');
    if (this.accept('}')) return;
    do {
      const label = this.string();
      this.expect(':');
      each(label);
    } while (this.accept(','));
    this.expect('}');
  }

  scalar(): Scalar {
    const next = this.peek();
    if (next === '"') return this.string();
    if (next === '-' || (next >= '0' && next <= '9')) return this.number();
    const word = this.match(WORD);
    if (word === undefined) throw this.error('no value');
    return word === 'null' ? null : word === 'true';
  }

  skip(depth = 0): void {
    if (depth > MAX_DEPTH) throw this.error('nested too deep');
    const next = this.peek();
    if (next === '[') this.array(() => this.skip(depth + 1));
    else if (next === '{') this.map(() => this.skip(depth + 1));
    else this.scalar();
  }

  finish(): void {
    if (this.peek() !== '') throw this.error('text after the end');
  }

  private number(): number | bigint {
    const text = this.match(NUMBER);
    const value = text === undefined ? undefined : parseDecimal(text);
    if (value === undefined) throw this.error('bad number');
    return value;
  }

  private string(): string {
    if (this.peek() !== '"') throw this.error('no string');
    const start = this.index;
    let plain = true;
    let end = start + 1;
    for (; end < this.text.length; end += 1) {
      const code = this.text.charCodeAt(end);
      if (code === QUOTE) break;
      if (code === BACKSLASH) end += 1;
      if (code === BACKSLASH || code < BLANK) plain = false;
    }
    this.index = end + 1;
    if (plain && end < this.text.length) return this.text.slice(start + 1, end);
    return this.unescape(this.text.slice(start, end + 1));
  }

  private unescape(quoted: string): string {
    try {
      const value: unknown = JSON.parse(quoted);
      if (typeof value === 'string') return value;
    } catch {
      // A SyntaxError of the engine; the wording below is ours.
    }
    throw this.error('bad string');
  }

  /** The next character that is not blank, or nothing at the end. */
  private peek(): string {
    for (;;) {
      const char = this.text.charAt(this.index);
      if (char !== ' ' && char !== '\n' && char !== '\r' && char !== '\t') return char;
      this.index += 1;
    }
  }

  private accept(char: string): boolean {
    if (this.peek() !== char) return false;
    this.index += 1;
    return true;
  }

  private expect(char: string): void {
    if (!this.accept(char)) throw this.error(`no ${char}`);
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.index;
    const match = pattern.exec(this.text);
    if (match === null) return undefined;
    this.index = pattern.lastIndex;
    return match[0];
  }

  private error(what: string): DecodeError {
    return new DecodeError(`JSON: ${what} at character ${this.index}`, this.index);
  }
}
