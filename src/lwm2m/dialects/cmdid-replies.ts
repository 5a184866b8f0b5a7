import { assertNever } from '../../core/errors.js';
import type { Replies, Result } from '../command.js';
import { formatPath, type Path } from '../path.js';
import type { Entry } from '../values.js';
import { type Json, writeJson } from './json.js';
import type { CmdIdName } from './schema.js';
import { valueToJson } from './values.js';
import { codeTitle, failureWords } from './words.js';

/** What the CmdID dialect answers: `Result`, or `Error` in the era's words. */
export class CmdIdReplies implements Replies {
  readonly dialect = 'cmdid';
  readonly notifyTopic = 'response';
  private readonly id: Json;
  private readonly name: CmdIdName;
  private readonly path: Path;

  constructor(id: Json, name: CmdIdName, path: Path) {
    this.id = id;
    this.name = name;
    this.path = path;
  }

  answer(result: Result): string {
    switch (result.kind) {
      case 'content':
        return result.defined ? this.result(contentOf(this.path, result.entries)) : this.error('No XML Definition');
      case 'links':
        return this.result(result.links);
      case 'done':
        return result.code.startsWith('2') ? this.result(codeTitle(result.code)) : this.error(codeTitle(result.code));
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

  private result(result: Json): string {
    return writeJson({ CmdID: this.id, Command: this.name, Result: result });
  }

  private error(title: string, reason?: string): string {
    return errorAnswer(this.id, this.name, title, reason);
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

function contentOf(base: Path, entries: readonly Entry[]): Json {
  return {
    bn: formatPath(base),
    e: entries.map((entry) => {
      const name = entry.path.slice(base.length).join('/');
      return {
        ...(name === '' ? {} : { n: name }),
        ...(entry.time === undefined ? {} : { t: entry.time }),
        [valueKey(entry)]: valueToJson(entry.value),
      };
    }),
  };
}

function valueKey({ value }: Entry): 'v' | 'bv' | 'sv' | 'ov' {
  if (typeof value === 'boolean') return 'bv';
  if (typeof value === 'number' || typeof value === 'bigint') return 'v';
  return typeof value === 'string' || Buffer.isBuffer(value) ? 'sv' : 'ov';
}
