import { assertNever } from '../../core/errors.js';
import type { Replies, Result } from '../command.js';
import { splitLinks } from '../formats/link.js';
import { formatPath, type Path } from '../path.js';
import type { Entry } from '../values.js';
import { type Json, type JsonObject, writeJson } from './json.js';
import { valueToJson } from './values.js';
import { codeMessage, failureWords } from './words.js';

/** What the msgType dialect answers: the request with its `data` replaced. */
export class MsgTypeReplies implements Replies {
  readonly dialect = 'msgtype';
  readonly notifyTopic = 'notify';
  readonly request: JsonObject;
  private readonly path: Json;

  constructor(request: JsonObject, path: Json) {
    this.request = request;
    this.path = path;
  }

  answer(result: Result): string {
    return echo(this.request, { data: this.dataOf(result) });
  }

  notification(result: Result, sequence: number): string {
    return echo(this.request, { msgType: 'notify', seqNum: sequence, data: this.dataOf(result) });
  }

  acknowledged(): string {
    return echo(this.request, { msgType: 'ack' });
  }

  queued(): string {
    return echo(this.request, { msgType: 'queued' });
  }

  private dataOf(result: Result): JsonObject {
    switch (result.kind) {
      case 'content':
        return {
          reqPath: this.path,
          code: result.code,
          // The values are there, but nobody declared their types: the mark tells it.
          codeMsg: result.defined ? codeMessage(result.code) : failureWords('no_definition').message,
          content: result.entries.map(itemOf),
        };
      case 'undecoded':
        return {
          reqPath: this.path,
          code: result.code,
          codeMsg: 'undecoded',
          contentFormat: result.contentFormat,
          content: [{ path: formatPath(result.path), value: result.payload.toString('base64') }],
        };
      case 'links':
        return this.status(result.code, { content: splitLinks(result.links) });
      case 'done':
        return this.status(result.code, result.location === undefined ? {} : { location: result.location });
      case 'failed': {
        const { code, message } = failureWords(result.failure);
        const data: JsonObject = { reqPath: this.path, code, codeMsg: message };
        if (result.reason !== undefined) data['reason'] = result.reason;
        return data;
      }
      default:
        return assertNever(result);
    }
  }

  private status(code: Extract<Result, { kind: 'done' }>['code'], more: JsonObject): JsonObject {
    return { reqPath: this.path, code, codeMsg: codeMessage(code), ...more };
  }
}

/**
 * The request with some of its keys replaced: whatever else an application put in, it gets back. `seqNum` follows the
 * message type; keys that the request had not come last.
 */
export function echo(request: JsonObject, replaced: JsonObject): string {
  const { seqNum, ...others } = replaced;
  let text = '';
  const add = (key: string, value: Json | undefined): void => {
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${writeJson(value)}`;
  };
  for (const key of Object.keys(request)) {
    if (key === 'seqNum' && seqNum !== undefined) continue;
    add(key, Object.hasOwn(others, key) ? others[key] : request[key]);
    if (key === 'msgType' && seqNum !== undefined) add('seqNum', seqNum);
  }
  for (const key of Object.keys(others)) if (!Object.hasOwn(request, key)) add(key, others[key]);
  return `{${text}}`;
}

/** The data of an answer to what is not understood. */
export function badRequest(requestPath: Json, reason: string): JsonObject {
  return { reqPath: requestPath, code: '4.00', codeMsg: codeMessage('4.00'), reason };
}

/** A value with its path, and when it was measured in ms since 1970 if the device said so. */
export function itemOf(entry: Entry): JsonObject {
  return {
    path: formatPath(entry.path),
    value: valueToJson(entry.value),
    ...(entry.time === undefined ? {} : { time: Math.round(entry.time * 1000) }),
  };
}

/** Replies as the gateway's own observations have them, as if an application had asked. */
export function autoObserveReplies(path: Path): Replies {
  const text = formatPath(path);
  return new MsgTypeReplies({ msgType: 'observe', data: { path: text } }, text);
}

/** Whether replies are those of the gateway's own observations, or as like them as makes no difference. */
export function isAutoObserve({ dialect, request }: Replies): boolean {
  return dialect === 'msgtype' && Object.keys(request).length === 2;
}
