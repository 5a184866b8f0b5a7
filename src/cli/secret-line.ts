const enter = new Set([10, 13]);
const backspace = new Set([8, 127]);
const breakOff = 3;
const end = 4;
const clear = 21;

/** What a line that is being typed has come to; `rest` are keys typed ahead. */
export type Typed =
  | { readonly kind: 'more' }
  | { readonly kind: 'line'; readonly line: Buffer; readonly rest: Buffer }
  | { readonly kind: 'broken off' };

/** A line as it is typed on a terminal in raw mode: somebody must be able to correct what nobody sees. */
export class SecretLine {
  private bytes: number[] = [];

  /** Takes keys as they come; after anything but `more` the line is over. */
  type(keys: Buffer): Typed {
    for (const [index, key] of keys.entries()) {
      if (enter.has(key) || (key === end && this.bytes.length > 0)) {
        return { kind: 'line', line: Buffer.from(this.bytes), rest: keys.subarray(index + 1) };
      }
      if (key === breakOff || key === end) return { kind: 'broken off' };
      if (key === clear) this.bytes = [];
      else if (backspace.has(key)) this.rubOut();
      else this.bytes.push(key);
    }
    return { kind: 'more' };
  }

  /** Takes the last character back, which may have several bytes in UTF-8. */
  private rubOut(): void {
    let last = this.bytes.pop();
    while (last !== undefined && (last & 0xc0) === 0x80) last = this.bytes.pop();
  }
}
