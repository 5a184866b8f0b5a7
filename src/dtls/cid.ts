/** A connection id as a text, a character per byte: a fraction of what a buffer of its own takes. */
export function cidText(cid: Buffer): string {
  return cid.toString('latin1');
}

/** Whether a connection id is the one with this text. */
export function isCid(cid: Buffer, text: string): boolean {
  return cid.length === text.length && (text.length === 0 || cid.toString('latin1') === text);
}
