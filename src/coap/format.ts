import type { Block } from './block.js';
import { blockSize } from './block.js';
import type { Message } from './message.js';
import type { Options } from './options.js';

/** One line about a message, for trace logs: `CON POST 7d34 [0a1b] /rd?ep=x ct=40 observe=0 1:0/1/64 12 B`. */
export function formatMessage(message: Message): string {
  const id = message.mid.toString(16).padStart(4, '0');
  if (message.kind === 'empty') return `${message.type} ${id}`;
  const code = message.kind === 'request' ? (message.method ?? '0.??') : message.code;
  const parts = [message.type, code, id, `[${message.token.toString('hex')}]`, ...formatOptions(message.options)];
  if (message.payload.length > 0) parts.push(`${message.payload.length} B`);
  return parts.join(' ');
}

function formatOptions(options: Options): string[] {
  const parts: string[] = [];
  const address =
    segments(options.path) + (options.query.length > 0 ? `?${options.query.map(printable).join('&')}` : '');
  if (address !== '') parts.push(address);
  if (options.location.length > 0) parts.push(`location=${segments(options.location)}`);
  for (const [label, value] of [
    ['ct', options.contentFormat],
    ['accept', options.accept],
    ['observe', options.observe],
    ['max-age', options.maxAge],
    ['size1', options.size1],
    ['size2', options.size2],
  ] as const) {
    if (value !== undefined) parts.push(`${label}=${value}`);
  }
  if (options.etag !== undefined) parts.push(`etag=${options.etag.toString('hex')}`);
  if (options.block1 !== undefined) parts.push(`1:${formatBlock(options.block1)}`);
  if (options.block2 !== undefined) parts.push(`2:${formatBlock(options.block2)}`);
  if (options.bad !== undefined) parts.push(`bad option ${options.bad}`);
  return parts;
}

/** As RFC 7959 writes it in its examples: number, more, size. */
function formatBlock(block: Block): string {
  return `${block.num}/${block.more ? 1 : 0}/${blockSize(block.szx)}`;
}

function segments(path: readonly string[]): string {
  return path.map((segment) => `/${printable(segment)}`).join('');
}

/** What a network sent must not break a line of the log. */
function printable(text: string): string {
  const cut = text.length > 64 ? `${text.slice(0, 64)}...` : text;
  return cut.replace(/\p{C}/gu, '?');
}
