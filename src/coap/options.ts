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

/** An option as the packet library gives it: known ones by name, others by number. */
interface ParsedOption {
  readonly name: string | number;
  readonly value: Buffer;
}

/** Reads a message's option list. Never fails: what cannot be used is left out, and noted in `bad` if it is critical. */
export function decodeOptions(list: readonly ParsedOption[]): Options {
  const options = new Options();
  for (const { name, value } of list) {
    if (!take(options, name, value) && options.bad === undefined && isCritical(name)) options.bad = String(name);
  }
  return options;
}

/** Whether the option was understood. */
function take(options: Options, name: ParsedOption['name'], value: Buffer): boolean {
  switch (name) {
    case 'Uri-Path':
      return append(options, 'path', value);
    case 'Uri-Query':
      return append(options, 'query', value);
    case 'Location-Path':
      return append(options, 'location', value);
    case 'Content-Format':
      return number(options, 'contentFormat', value, 2);
    case 'Accept':
      return number(options, 'accept', value, 2);
    case 'Observe':
      return number(options, 'observe', value, 3);
    case 'Max-Age':
      return number(options, 'maxAge', value, 4);
    case 'Size1':
      return number(options, 'size1', value, 4);
    case 'Size2':
      return number(options, 'size2', value, 4);
    case 'Block1':
      return block(options, 'block1', value);
    case 'Block2':
      return block(options, 'block2', value);
    case 'ETag':
      return opaque(options, 'etag', value, 1);
    case REQUEST_TAG:
      return opaque(options, 'requestTag', value, 0);
    case 'Uri-Host':
    case 'Uri-Port':
      // One endpoint, one host: which name it was called by makes no difference.
      return true;
    case 'Proxy-Uri':
    case 'Proxy-Scheme':
      options.proxy = true;
      return true;
    default:
      return false;
  }
}

/** The packet library has no name for it. */
const REQUEST_TAG = '292';
const electiveNames = new Set(
  'ETag Observe Location-Path Content-Format Max-Age Hop-Limit Location-Query Size2 Size1 No-Response'.split(' '),
);

/** An odd number is critical [RFC 7252 5.4.6]; the library gives names for some. */
function isCritical(name: ParsedOption['name']): boolean {
  const number = Number(name);
  return Number.isNaN(number) ? !electiveNames.has(String(name)) : (number & 1) === 1;
}

function append(options: Options, field: 'path' | 'query' | 'location', value: Buffer): boolean {
  if (value.length > 255) return false;
  const text = value.toString('utf8');
  // Bytes that are no text decode to U+FFFD, but so does a U+FFFD that was sent.
  if (text.includes('\uFFFD') && !isUtf8(value)) return false;
  const list = options[field];
  if (list.length === 0) options[field] = [text];
  else (list as string[]).push(text);
  return true;
}

type NumberField = 'contentFormat' | 'accept' | 'observe' | 'maxAge' | 'size1' | 'size2';

function number(options: Options, field: NumberField, value: Buffer, maxBytes: number): boolean {
  if (value.length > maxBytes || options[field] !== undefined) return false;
  options[field] = uint(value);
  return true;
}

function block(options: Options, field: 'block1' | 'block2', value: Buffer): boolean {
  if (value.length > 3 || options[field] !== undefined) return false;
  options[field] = blockFromUint(uint(value));
  return true;
}

function opaque(options: Options, field: 'etag' | 'requestTag', value: Buffer, minBytes: number): boolean {
  if (value.length < minBytes || value.length > 8 || options[field] !== undefined) return false;
  options[field] = value;
  return true;
}

function uint(value: Buffer): number {
  return value.length === 0 ? 0 : value.readUIntBE(0, value.length);
}
