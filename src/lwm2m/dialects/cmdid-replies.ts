import { assertNever } from '../../core/errors.js';
import type { Replies, Result } from '../command.js';
import { below, formatPath, type Path } from '../path.js';
import type { Entry } from '../values.js';
import { type Json, type JsonObject, writeJson } from './json.js';
import { valueToJson } from './values.js';
import { codeTitle, failureWords } from './words.js';

/** What the CmdID dialect answers: `Result`, or `Error` in the era's words. */
export class CmdIdReplies implements Replies {
  readonly dialect = 'cmdid';
  readonly notifyTopic = 'response';
  readonly request: JsonObject;
  private readonly path: Path;

  constructor(request: JsonObject, path: Path) {
    this.request = request;
    this.path = path;
  }

  answer(result: Result): string {
    switch (result.kind) {
      case 'content':
        return result.defined ? this.result(contentOf(this.path, result.entries)) : this.error('No XML Definition');
      case 'undecoded':
        return this.error(failureWords('bad_answer').title, `content format ${result.contentFormat} is not known`);
      case 'links':
        return this.result(JSON.stringify(result.links));
      case 'done':
        return result.code.startsWith('2')
          ? this.result(JSON.stringify(codeTitle(result.code)))
          : this.error(codeTitle(result.code));
      case 'failed':
        return this.error(failureWords(result.failure).title, result.reason);
      default:
        return assertNever(result);
    }
  }

  notification(result: Result): string {
    return this.answer(result);
  }

  acknowledged(): undefined {
    return undefined;
  }

  queued(): undefined {
    return undefined;
  }

  /** The answer with what was asked for, as it stands in JSON. */
  private result(result: string): string {
    const { CmdID: id, Command: name } = this.request;
    return `{"CmdID":${writeJson(id)},"Command":${writeJson(name)},"Result":${result}}`;
  }

  private error(title: string, reason?: string): string {
    const { CmdID: id, Command: name } = this.request;
    return errorAnswer(id, name, title, reason);
  }
}

/** An error; keys in alphabetical order, as the era's clients compare whole texts. */
export function errorAnswer(id: Json | undefined, name: Json | undefined, title: string, reason?: string): string {
  return writeJson({
    ...(id === undefined ? {} : { CmdID: id }),
    ...(name === undefined ? {} : { Command: name }),
    Error: title,
    ...(reason === undefined ? {} : { Reason: reason }),
  });
}

/**
 * Values below the base name that the era gave them; keys in alphabetical order here too. Written as text at once: most
 * answers are this, and objects made for the purpose took longer than all the rest of them.
 */
function contentOf(requested: Path, entries: readonly Entry[]): string {
  const base = baseOf(requested, entries);
  let records = '';
  for (const entry of entries) records += `${records === '' ? '' : ','}${recordOf(entry, base.length)}`;
  return `{"bn":"${formatPath(base)}","e":[${records}]}`;
}

function recordOf(entry: Entry, baseLength: number): string {
  const { path, time, value } = entry;
  const key = valueKey(entry);
  const written = `"${key}":${writeJson(valueToJson(value))}`;
  const name = path.length === baseLength ? '' : `"n":"${below(path, baseLength).slice(1)}"`;
  const measured = time === undefined ? '' : `"t":${writeJson(time)}`;
  switch (key) {
    case 'bv':
      return `{${written}${name && `,${name}`}${measured && `,${measured}`}}`;
    case 'v':
      return `{${name && `${name},`}${measured && `${measured},`}${written}}`;
    default:
      return `{${name && `${name},`}${written}${measured && `,${measured}`}}`;
  }
}

/** One value alone is named by its whole path; those of one instance by what follows it, those of several below the object. */
function baseOf(requested: Path, entries: readonly Entry[]): Path {
  const [first] = entries;
  if (first === undefined) return requested;
  if (entries.length === 1 && first.path.length === 3) return first.path;
  return first.path.slice(0, entries.every(({ path }) => path[1] === first.path[1]) ? 2 : 1);
}

function valueKey({ value }: Entry): 'v' | 'bv' | 'sv' | 'ov' {
  if (typeof value === 'boolean') return 'bv';
  if (typeof value === 'number' || typeof value === 'bigint') return 'v';
  return typeof value === 'string' || Buffer.isBuffer(value) ? 'sv' : 'ov';
}
