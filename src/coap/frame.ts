import { DecodeError } from '../core/errors.js';

const headerBytes = 4;
const payloadMarker = 0xff;
/** More options than any sensible message has; each costs memory to read. */
const maxOptions = 128;

/** Takes one option; its value is `datagram[from..to)`. */
export type OptionVisitor = (number: number, datagram: Buffer, from: number, to: number) => void;

/** Checks a datagram's header [RFC 7252 3] and gives where its token ends. A DecodeError where it breaks the format. */
export function checkHeader(datagram: Buffer): number {
  const end = datagram.length;
  if (end < headerBytes) throw new DecodeError('shorter than a header', end);
  const first = datagram[0] as number;
  if (first >> 6 !== 1) throw new DecodeError('unknown version', 0);
  const tokenBytes = first & 15;
  if (tokenBytes > 8) throw new DecodeError('reserved token length', 0);
  if (headerBytes + tokenBytes > end) throw new DecodeError('token past the end', headerBytes);
  if (datagram[1] === 0 && (end > headerBytes || tokenBytes > 0)) {
    throw new DecodeError('an empty message with more than a header', 4);
  }
  return headerBytes + tokenBytes;
}

/** Hands over every option from `start` on and gives where the payload begins. A DecodeError where they break the format. */
export function readOptions(datagram: Buffer, start: number, visit: OptionVisitor): number {
  const end = datagram.length;
  let offset = start;
  let number = 0;
  for (let count = 0; offset < end; count++) {
    const byte = datagram[offset] as number;
    if (byte === payloadMarker) {
      if (offset + 1 === end) throw new DecodeError('payload marker without payload', offset);
      return offset + 1;
    }
    if (count === maxOptions) throw new DecodeError('too many options', offset);
    const delta = byte >> 4;
    const length = byte & 15;
    if (delta === 15 || length === 15) throw new DecodeError('reserved option nibble', offset);
    const deltaAt = offset + 1;
    const lengthAt = deltaAt + extraBytes(delta);
    const valueAt = lengthAt + extraBytes(length);
    if (valueAt > end) throw new DecodeError('option header past the end', offset);
    number += extended(datagram, delta, deltaAt);
    if (number > 0xffff) throw new DecodeError('option number beyond 65535', offset);
    offset = valueAt + extended(datagram, length, lengthAt);
    if (offset > end) throw new DecodeError('option value past the end', valueAt);
    visit(number, datagram, valueAt, offset);
  }
  return end;
}

/** Bytes that follow the nibbles for a delta or length [RFC 7252 3.1]. */
function extraBytes(nibble: number): number {
  return nibble === 13 ? 1 : nibble === 14 ? 2 : 0;
}

function extended(datagram: Buffer, nibble: number, at: number): number {
  if (nibble === 13) return 13 + (datagram[at] as number);
  if (nibble === 14) return 269 + datagram.readUInt16BE(at);
  return nibble;
}
