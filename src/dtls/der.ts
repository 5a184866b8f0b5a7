import { Reader } from '../core/bytes.js';
import { DecodeError } from '../core/errors.js';

/** One DER element: its tag, what is in it, and all of it. */
export interface DerElement {
  readonly tag: number;
  readonly content: Buffer;
  readonly whole: Buffer;
}

/** Tags met in certificates. */
export const derTags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  sequence: 0x30,
} as const;

/** The next element. Lengths beyond three bytes are refused; nothing here is that large. */
export function readDer(reader: Reader): DerElement {
  const start = reader.offset;
  const tag = reader.u8();
  const first = reader.u8();
  let length = first;
  if (first >= 0x80) {
    const bytes = first & 0x7f;
    if (bytes === 0 || bytes > 3) throw new DecodeError('unreadable DER length', start);
    length = 0;
    for (let i = 0; i < bytes; i++) length = length * 256 + reader.u8();
  }
  const content = reader.bytes(length);
  return { tag, content, whole: reader.buffer.subarray(start, reader.offset) };
}

/** The next element, which must have this tag. */
export function expectDer(reader: Reader, tag: number): DerElement {
  const element = readDer(reader);
  if (element.tag !== tag) throw new DecodeError(`DER tag ${element.tag}, not ${tag}`, reader.offset);
  return element;
}

/** The elements inside one. */
export function derChildren(element: DerElement): DerElement[] {
  const reader = new Reader(element.content);
  const children: DerElement[] = [];
  while (reader.remaining > 0) children.push(readDer(reader));
  return children;
}
