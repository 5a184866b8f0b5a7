import type { Draft, Result } from './command.js';
import { parseBase64 } from './formats/base64.js';
import { parseDecimal } from './formats/decimal.js';
import { fit } from './formats/fit.js';
import { formatPath } from './path.js';
import type { Entry, ObjectLookup, ResourceType, Value } from './values.js';

type Failed = Extract<Result, { kind: 'failed' }>;

/**
 * Gives the values of an application their types: the definition's, or the one that came with a value whose resource
 * has none.
 */
export function entriesOf(drafts: readonly Draft[], objects: ObjectLookup): Entry[] | Failed {
  const entries: Entry[] = [];
  for (const { path, value, type: named } of drafts) {
    const declared = objects.object(path[0] as number)?.resources.get(path[2] as number)?.type;
    const type = declared === undefined || declared === 'None' ? named : declared;
    if (type === undefined) return { kind: 'failed', failure: 'no_definition', reason: formatPath(path) };
    const typed = typedValue(type, value);
    if (typed === undefined) {
      return { kind: 'failed', failure: 'bad_value', reason: `${formatPath(path)} is of type ${type}` };
    }
    entries.push({ path, type, value: typed });
  }
  return entries;
}

/** A value of JSON as one of this type; texts are read as numbers, booleans, base64 or links where the type wants it. */
export function typedValue(type: ResourceType, value: Draft['value']): Value | undefined {
  const meant = typeof value === 'string' ? fromText(type, value) : textIfWanted(type, value);
  return meant === undefined ? undefined : fit(type, meant)?.value;
}

function fromText(type: ResourceType, text: string): Value | undefined {
  if (type === 'Opaque') return parseBase64(text);
  if (type === 'Boolean') return { true: true, false: false, '1': true, '0': false }[text.trim()];
  if (type === 'Integer' || type === 'Unsigned Integer' || type === 'Time' || type === 'Float') {
    return parseDecimal(text.trim());
  }
  return text;
}

function textIfWanted(type: ResourceType, value: Exclude<Draft['value'], string>): Value {
  const wanted = (type === 'String' || type === 'Corelnk') && !Buffer.isBuffer(value);
  return wanted ? String(value) : value;
}
