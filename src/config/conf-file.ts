/** One `key = value` of a file. */
export interface ConfEntry {
  readonly line: number;
  readonly key: string;
  readonly value: string;
}

/** A line that could not be read as one. */
export interface ConfFault {
  readonly line: number;
  /** Notices are passed over, errors stop the start. */
  readonly severity: 'notice' | 'error';
  readonly message: string;
}

/** What a file says. */
export interface ConfText {
  readonly entries: readonly ConfEntry[];
  readonly faults: readonly ConfFault[];
}

const malformed = 'this line is neither a comment nor "key = value"';
const hocon = 'this is the HOCON form that EMQX 5 introduced; Isthmus reads lines of the form "key = value"';

/**
 * Reads the text of a `.conf` file: `key = value` lines, comment lines that begin with `#`, blank lines. Never throws.
 *
 * A value runs to the end of the line, except that white space followed by `##` begins a comment: `dn/#` and `a #1` are
 * values. Quotes around a value are taken off; in them `\"` and `\\` stand for the character. In a key, a part in
 * quotes may hold any character, and `\.` is a dot.
 */
export function parseConf(text: string): ConfText {
  const entries: ConfEntry[] = [];
  const faults: ConfFault[] = [];
  let line = 0;
  for (const raw of text.replace(/^\uFEFF/, '').split(/\r?\n/)) {
    line++;
    const content = raw.trim();
    if (content === '' || content.startsWith('#') || isTemplateMark(content)) continue;
    if (/^include\s+\S/.test(content)) {
      faults.push({ line, severity: 'notice', message: '"include" is not followed; put its keys into this file' });
      continue;
    }
    const entry = parseEntry(content);
    if (opensHocon(content, entry)) {
      // The rest of such a file would give an error per line and help nobody.
      faults.push({ line, severity: 'error', message: hocon });
      return { entries, faults };
    }
    if (typeof entry === 'string') faults.push({ line, severity: 'error', message: entry });
    else entries.push({ line, ...entry });
  }
  return { entries, faults };
}

/** A line of nothing but `{{ name }}`, which packaging replaces. */
const isTemplateMark = (content: string): boolean => /^\{\{[^{}]*\}\}$/.test(content);

function opensHocon(content: string, entry: { value: string } | string): boolean {
  if (typeof entry !== 'string') return entry.value === '{' || entry.value === '[';
  return /[{[]$/.test(content) || content === '}' || content === ']';
}

function parseEntry(content: string): { key: string; value: string } | string {
  const head = /^((?:"(?:[^"\\]|\\.)*"|[^"=])+)=/.exec(content);
  if (head === null) return malformed;
  const key = parseKey((head[1] as string).trim());
  if (key === '') return malformed;
  const value = parseValue(content.slice(head[0].length));
  return value === undefined ? 'the quotes around this value are not closed, or text follows them' : { key, value };
}

const parseKey = (text: string): string =>
  text.replace(/"((?:[^"\\]|\\.)*)"/g, (_, inner: string) => unescape(inner)).replaceAll('\\.', '.');

function parseValue(text: string): string | undefined {
  const value = text.trim();
  if (!value.startsWith('"')) return `${text} `.replace(/(?:^|\s)##.*$/s, '').trim();
  const quoted = /^"((?:[^"\\]|\\.)*)"\s*(?:##.*)?$/s.exec(value);
  return quoted === null ? undefined : unescape(quoted[1] as string);
}

const unescape = (text: string): string => text.replace(/\\(["\\])/g, '$1');

/** The line that reads as this key and value; neither may hold a line break. */
export function formatEntry(key: string, value: string): string {
  return `${formatKey(key)} = ${plainValue(value) ? value : quote(value)}`.trimEnd();
}

const formatKey = (key: string): string => (/^[\w./@:-]+$/.test(key) && key !== 'include' ? key : quote(key));

const plainValue = (value: string): boolean => value === value.trim() && !/^"|(?:^|\s)##|^[{[]$/.test(value);

const quote = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;
