import { Parser } from 'xml2js';
import { DecodeError } from '../../core/errors.js';

/** An element of a parsed document. Names are compared without regard to case. */
export interface XmlElement {
  readonly name: string;
  /** Its own text, trimmed; empty when it has none. */
  readonly text: string;
  attribute(name: string): string | undefined;
  /** Its children of this name, in their order. */
  children(name: string): XmlElement[];
  /** The text of its first child of this name; empty when there is none. */
  childText(name: string): string;
}

// xml2js's own names for an element's text and attributes: no element can be called so, as one can be called `_`.
const textKey = '#text';
const attributesKey = '#attributes';

class ParsedElement implements XmlElement {
  readonly name: string;
  private readonly node: unknown;

  constructor(name: string, node: unknown) {
    this.name = name;
    this.node = node;
  }

  get text(): string {
    const text = typeof this.node === 'string' ? this.node : property(this.node, textKey);
    return typeof text === 'string' ? text.trim() : '';
  }

  attribute(name: string): string | undefined {
    const value = property(property(this.node, attributesKey), name.toLowerCase());
    return typeof value === 'string' ? value.trim() : undefined;
  }

  children(name: string): XmlElement[] {
    const nodes = property(this.node, name.toLowerCase());
    return Array.isArray(nodes) ? nodes.map((node: unknown) => new ParsedElement(name, node)) : [];
  }

  childText(name: string): string {
    return this.children(name)[0]?.text ?? '';
  }
}

/** An own property, so that an element called `constructor` cannot be mistaken for what every object has. */
function property(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

/**
 * Parses a document and gives its root; what follows the root is not looked at. Entities that the document declares
 * itself are never expanded: their use is an error, so a small text cannot grow large. Throws a DecodeError with the line
 * and a plain reason.
 */
export function parseXml(text: string): XmlElement {
  let failure: unknown;
  let document: unknown;
  try {
    const parser = new Parser({
      charkey: textKey,
      attrkey: attributesKey,
      tagNameProcessors: [lowerCase],
      attrNameProcessors: [lowerCase],
    });
    parser.parseString(text, (error: Error | null, result: unknown) => {
      failure ??= error;
      document ??= result;
    });
  } catch (error) {
    // Most of its errors xml2js hands to the callback, some it throws.
    failure ??= error;
  }
  if (failure) throw new DecodeError(reasonOf(failure));
  const name = typeof document === 'object' && document !== null ? Object.keys(document)[0] : undefined;
  if (name === undefined) throw new DecodeError('no XML in it');
  return new ParsedElement(name, property(document, name));
}

function lowerCase(name: string): string {
  return name.toLowerCase();
}

/** Turns the parser's four-line message, whose lines count from 0, into one plain clause. */
function reasonOf(failure: unknown): string {
  const [what = '', line = ''] = failure instanceof Error ? failure.message.split('\n') : [];
  const number = /^Line: (\d+)$/.exec(line)?.[1];
  const reason = `not well-formed XML: ${what.trim() === '' ? 'no reason known' : what.trim()}`;
  return number === undefined ? reason : `${reason} (line ${Number(number) + 1})`;
}
