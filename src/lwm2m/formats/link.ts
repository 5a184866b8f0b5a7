import { attempt, DecodeError } from '../../core/errors.js';

/** A CoRE link [RFC 6690]: what stands between `<` and `>`, and its attributes; `true` is one without a value. */
export interface Link {
  readonly target: string;
  readonly attributes: ReadonlyMap<string, string | true>;
}

/** Cuts a link list into its links as they were sent, without blanks around them. Never fails. */
export function splitLinks(text: string): string[] {
  return splitOutsideQuotes(text, ',').filter((link) => link !== '');
}

/** Reads a link list; an empty one has no links. */
export function parseLinks(text: string): Link[] | DecodeError {
  return attempt(() => splitLinks(text).map(parseLink));
}

/** Writes a link list; values other than numbers and versions are quoted. */
export function formatLinks(links: readonly Link[]): string {
  return links.map(formatLink).join(',');
}

function parseLink(text: string): Link {
  const close = text.indexOf('>');
  if (!text.startsWith('<') || close < 0) throw new DecodeError(`no <target> in link ${excerpt(text)}`);
  const [before, ...parts] = splitOutsideQuotes(text.slice(close + 1), ';');
  if (before !== '') throw new DecodeError(`text between target and attributes in link ${excerpt(text)}`);
  const attributes = new Map<string, string | true>();
  for (const part of parts) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    if (equals < 0) attributes.set(part, true);
    else attributes.set(part.slice(0, equals).trimEnd(), parseValue(part.slice(equals + 1).trimStart()));
  }
  return { target: text.slice(1, close), attributes };
}

function parseValue(text: string): string {
  if (!text.startsWith('"')) return text;
  if (quoteEnd(text, 0) !== text.length - 1) throw new DecodeError(`bad quotes in link attribute ${excerpt(text)}`);
  return text.slice(1, -1).replace(/\\(.)/gs, '$1');
}

function formatLink(link: Link): string {
  let text = `<${link.target}>`;
  for (const [name, value] of link.attributes) text += value === true ? `;${name}` : `;${name}=${formatValue(value)}`;
  return text;
}

function formatValue(value: string): string {
  return /^[0-9.+-]+$/.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`;
}

/** The parts of a text between separators that stand neither in quotes nor in `<>`, trimmed. */
function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i];
    if (char === '"') i = quoteEnd(text, i);
    else if (char === '<' && separator === ',') i = closing(text, '>', i);
    else if (char === separator) {
      parts.push(text.slice(start, i).trim());
      start = i + 1;
    }
  }
  parts.push(text.slice(start).trim());
  return parts;
}

/** Where the quoted string that opens at `open` closes; the text's length when it does not. */
function quoteEnd(text: string, open: number): number {
  for (let i = open + 1; i < text.length; i += 1) {
    if (text[i] === '\\') i += 1;
    else if (text[i] === '"') return i;
  }
  return text.length;
}

function closing(text: string, char: string, from: number): number {
  const end = text.indexOf(char, from);
  return end < 0 ? text.length : end;
}

function excerpt(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}...` : text;
}
