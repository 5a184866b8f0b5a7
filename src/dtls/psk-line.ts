import type { Psk } from './options.js';

/** One line of a file of pre-shared keys. */
export interface PskLine {
  readonly identity: string;
  readonly psk: Psk;
}

// An identity that contains colons stands in double quotes; an endpoint may contain them as it is last.
const form =
  /^(?:"(?<quoted>[^"]+)"|(?<plain>[^:"]+)):(?<key>[^:]*)(?::(?:"(?<quotedEnd>[^"]+)"|(?<plainEnd>[^"]+)))?$/;

const longestKey = 256;

/**
 * Reads `identity:hex[:endpoint]`. Undefined for an empty line or a comment (`#`), a sentence for an error; the sentence
 * never repeats the key.
 */
export function parsePskLine(line: string): PskLine | undefined | string {
  const text = line.trim();
  if (text === '' || text.startsWith('#')) return undefined;
  const groups = form.exec(text)?.groups;
  if (groups === undefined) return 'expected identity:hex or identity:hex:endpoint';
  const { quoted, plain, key = '', quotedEnd, plainEnd } = groups;
  const identity = quoted ?? plain?.trim() ?? '';
  const hex = key.trim();
  if (!/^(?:[0-9a-fA-F]{2})+$/.test(hex)) {
    return `the key of ${identity} is not hex (an identity that contains colons goes in double quotes)`;
  }
  if (hex.length > 2 * longestKey) return `the key of ${identity} is longer than ${longestKey} bytes`;
  const endpoint = quotedEnd ?? plainEnd?.trim();
  return { identity, psk: { key: Buffer.from(hex, 'hex'), ...(endpoint === undefined ? {} : { endpoint }) } };
}
