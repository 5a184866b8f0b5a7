/** Value of a Block1 or Block2 option [RFC 7959 2.2]. */
export interface Block {
  /** Which block, in units of this option's block size. */
  readonly num: number;
  readonly more: boolean;
  /** Size exponent: 16 << szx bytes; 0 to 6, and 7 as received from a peer that breaks the rule. */
  readonly szx: number;
}

/** The exponent that must not be sent. */
export const RESERVED_SZX = 7;

/** Bytes in a block of this exponent. */
export function blockSize(szx: number): number {
  return 16 << szx;
}

/** Where in the body a block begins. */
export function blockOffset(block: Block): number {
  return block.num * blockSize(block.szx);
}

/** From an option's number (0 to 24 bits). */
export function blockFromUint(value: number): Block {
  return { num: value >>> 4, more: (value & 8) !== 0, szx: value & 7 };
}

/** To an option's number. */
export function blockToUint(block: Block): number {
  return ((block.num << 4) | (block.more ? 8 : 0) | block.szx) >>> 0;
}
