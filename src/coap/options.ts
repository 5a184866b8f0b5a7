import { isUtf8 } from 'node:buffer';
import { type Block, blockFromUint } from './block.js';

const none: readonly string[] = [];

/**
 * The options of one message that this endpoint understands [RFC 7252 5.10] [RFC 7641] [RFC 7959]. A class, so that
 * every message has the same shape; what a message lacks is undefined or empty.
 */
export class Options {
  path: readonly string[] = none;
  query: readonly string[] = none;
  location: readonly string[] = none;
  contentFormat: number | undefined = undefined;
  accept: number | undefined = undefined;
  observe: number | undefined = undefined;
  maxAge: number | undefined = undefined;
  etag: Buffer | undefined = undefined;
  block1: Block | undefined = undefined;
  block2: Block | undefined = undefined;
  size1: number | undefined = undefined;
  size2: number | undefined = undefined;
  /** Request-Tag: tells apart concurrent transfers to one resource [RFC 9175 3]. */
  requestTag: Buffer | undefined = undefined;
  /** Somebody takes this endpoint for a proxy. */
  proxy = false;
  /** The first critical option that is unknown, malformed or repeated: the message must not be acted upon. */
  bad: string | undefined = undefined;
}

/** Reads one option. Never fails: what cannot be used is left out, and noted in `bad` if it is critical. */
export function takeOption(options: Options, number: number, datagram: Buffer, from: number, to: number): void {
  if (take(options, number, datagram, from, to) || options.bad !== undefined) return;
  // An odd number is critical [RFC 7252 5.4.6].
  if ((number & 1) === 1) options.bad = criticalNames.get(number) ?? String(number);
}

/** For people, who look for why a message was refused. */
const criticalNames: ReadonlyMap<number, string> = new Map([
  [1, 'If-Match'],
  [3, 'Uri-Host'],
  [5, 'If-None-Match'],
  [7, 'Uri-Port'],
  [9, 'OSCORE'],
  [11, 'Uri-Path'],
  [15, 'Uri-Query'],
  [17, 'Accept'],
  [19, 'Q-Block1'],
  [23, 'Block2'],
  [27, 'Block1'],
  [31, 'Q-Block2'],
  [35, 'Proxy-Uri'],
  [39, 'Proxy-Scheme'],
]);

/** Whether the option was understood. */
function take(options: Options, number: number, datagram: Buffer, from: number, to: number): boolean {
  switch (number) {
    case 11:
      return append(options, 'path', datagram, from, to);
    case 15:
      return append(options, 'query', datagram, from, to);
    case 8:
      return append(options, 'location', datagram, from, to);
    case 12:
      return integer(options, 'contentFormat', datagram, from, to, 2);
    case 17:
      return integer(options, 'accept', datagram, from, to, 2);
    case 6:
      return integer(options, 'observe', datagram, from, to, 3);
    case 14:
      return integer(options, 'maxAge', datagram, from, to, 4);
    case 60:
      return integer(options, 'size1', datagram, from, to, 4);
    case 28:
      return integer(options, 'size2', datagram, from, to, 4);
    case 27:
      return block(options, 'block1', datagram, from, to);
    case 23:
      return block(options, 'block2', datagram, from, to);
    case 4:
      return opaque(options, 'etag', datagram, from, to, 1);
    case 292:
      return opaque(options, 'requestTag', datagram, from, to, 0);
    case 3: // Uri-Host
    case 7: // Uri-Port
      // One endpoint, one host: which name it was called by makes no difference.
      return true;
    case 35: // Proxy-Uri
    case 39: // Proxy-Scheme
      options.proxy = true;
      return true;
    default:
      return false;
  }
}

type ListField = 'path' | 'query' | 'location';

function append(options: Options, field: ListField, datagram: Buffer, from: number, to: number): boolean {
  if (to - from > 255) return false;
  const text = datagram.toString('utf8', from, to);
  // Bytes that are no text decode to U+FFFD, but so does a U+FFFD that was sent.
  if (text.includes('\uFFFD') && !isUtf8(datagram.subarray(from, to))) return false;
  const list = options[field];
  if (list.length === 0) options[field] = [text];
  else (list as string[]).push(text);
  return true;
}

type NumberField = 'contentFormat' | 'accept' | 'observe' | 'maxAge' | 'size1' | 'size2';

function integer(
  options: Options,
  field: NumberField,
  datagram: Buffer,
  from: number,
  to: number,
  maxBytes: number,
): boolean {
  if (to - from > maxBytes || options[field] !== undefined) return false;
  options[field] = uint(datagram, from, to);
  return true;
}

function block(options: Options, field: 'block1' | 'block2', datagram: Buffer, from: number, to: number): boolean {
  if (to - from > 3 || options[field] !== undefined) return false;
  options[field] = blockFromUint(uint(datagram, from, to));
  return true;
}

function opaque(
  options: Options,
  field: 'etag' | 'requestTag',
  datagram: Buffer,
  from: number,
  to: number,
  minBytes: number,
): boolean {
  if (to - from < minBytes || to - from > 8 || options[field] !== undefined) return false;
  options[field] = datagram.subarray(from, to);
  return true;
}

function uint(datagram: Buffer, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) value = value * 256 + (datagram[at] as number);
  return value;
}
