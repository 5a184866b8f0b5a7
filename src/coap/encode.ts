import { utf8Length, Writer } from '../core/bytes.js';
import { blockToUint } from './block.js';
import type { EmptyMessage, Message, MessageType } from './message.js';
import type { Options } from './options.js';
import type { Method, ResponseCode } from './types.js';

/** The most a UDP datagram over IPv4 can carry. */
const maxDatagram = 65_507;
const typeBits: Record<MessageType, number> = { CON: 0x00, NON: 0x10, ACK: 0x20, RST: 0x30 };
const methodCodes: Record<Method, number> = { GET: 1, POST: 2, PUT: 3, DELETE: 4, FETCH: 5, PATCH: 6, iPATCH: 7 };
const version = 0x40;
const payloadMarker = 0xff;
const zero = '0'.charCodeAt(0);

/**
 * A message as a datagram. A RangeError if it is larger than any datagram, or its token than eight bytes. Written here
 * because the packet library's generator makes a buffer per option and takes several times as long.
 */
export function encodeMessage(message: Message): Buffer {
  if (message.kind === 'empty') return encodeEmpty(message.type, message.mid);
  const { token, payload } = message;
  if (token.length > 8) throw new RangeError('a token of more than eight bytes');
  const writer = new Writer(48 + payload.length);
  writer.u8(version | typeBits[message.type] | token.length);
  writer.u8(message.kind === 'request' ? methodCodes[message.method ?? 'GET'] : codeByte(message.code));
  writer.u16(message.mid).bytes(token);
  encodeOptions(writer, message.options);
  if (payload.length > 0) writer.u8(payloadMarker).bytes(payload);
  if (writer.size > maxDatagram) throw new RangeError('the message does not fit a datagram');
  return writer.finish();
}

/** An empty message as a datagram. */
export function encodeEmpty(type: EmptyMessage['type'], mid: number): Buffer {
  return Buffer.from([version | typeBits[type], 0, mid >> 8, mid & 0xff]);
}

function codeByte(code: ResponseCode): number {
  const detail = (code.charCodeAt(2) - zero) * 10 + code.charCodeAt(3) - zero;
  return ((code.charCodeAt(0) - zero) << 5) | detail;
}

/** Options in the order of their numbers, each as the distance from the one before [RFC 7252 3.1]. */
function encodeOptions(writer: Writer, options: Options): void {
  let last = 0;
  last = opaque(writer, last, 4, options.etag);
  last = uint(writer, last, 6, options.observe);
  for (const segment of options.location) last = text(writer, last, 8, segment);
  for (const segment of options.path) last = text(writer, last, 11, segment);
  last = uint(writer, last, 12, options.contentFormat);
  last = uint(writer, last, 14, options.maxAge);
  for (const query of options.query) last = text(writer, last, 15, query);
  last = uint(writer, last, 17, options.accept);
  if (options.block2 !== undefined) last = uint(writer, last, 23, blockToUint(options.block2));
  if (options.block1 !== undefined) last = uint(writer, last, 27, blockToUint(options.block1));
  last = uint(writer, last, 28, options.size2);
  last = uint(writer, last, 60, options.size1);
  opaque(writer, last, 292, options.requestTag);
}

// Each writes its option, if there is one, and gives back the number of the last option written.

function opaque(writer: Writer, last: number, number: number, value: Buffer | undefined): number {
  if (value === undefined) return last;
  header(writer, number - last, value.length);
  writer.bytes(value);
  return number;
}

function text(writer: Writer, last: number, number: number, value: string): number {
  header(writer, number - last, utf8Length(value));
  writer.text(value);
  return number;
}

/** The fewest bytes, none for zero [RFC 7252 3.2]. */
function uint(writer: Writer, last: number, number: number, value: number | undefined): number {
  if (value === undefined) return last;
  const length = value === 0 ? 0 : value < 0x100 ? 1 : value < 0x1_0000 ? 2 : value < 0x100_0000 ? 3 : 4;
  header(writer, number - last, length);
  for (let shift = 8 * (length - 1); shift >= 0; shift -= 8) writer.u8((value >>> shift) & 0xff);
  return number;
}

function header(writer: Writer, delta: number, length: number): void {
  writer.u8((nibble(delta) << 4) | nibble(length));
  extra(writer, delta);
  extra(writer, length);
}

function nibble(value: number): number {
  return value < 13 ? value : value < 269 ? 13 : 14;
}

function extra(writer: Writer, value: number): void {
  if (value >= 269) writer.u16(value - 269);
  else if (value >= 13) writer.u8(value - 13);
}
