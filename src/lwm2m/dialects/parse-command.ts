import { DecodeError } from '../../core/errors.js';
import { cmdIdParseError, parseCmdId } from './cmdid.js';
import { isObject, type JsonObject, parseJson } from './json.js';
import { msgTypeParseError, parseMsgType } from './msgtype.js';
import type { ParsedCommand } from './parsed-command.js';

/**
 * Reads a command in the dialect that its keys tell, whatever topic it came on; `fallback` words the answer to what
 * tells none.
 */
export function parseCommand(payload: Buffer, fallback: 'cmdid' | 'msgtype'): ParsedCommand {
  const json = parseJson(payload.toString('utf8'));
  const parsed = json instanceof DecodeError || !isObject(json) ? undefined : parseRequest(json);
  if (parsed !== undefined) return parsed;
  const reason = json instanceof DecodeError ? json.message : 'neither msgType nor CmdID';
  return {
    kind: 'invalid',
    answer: fallback === 'msgtype' ? msgTypeParseError(reason) : cmdIdParseError(reason),
  };
}

/** Reads a command that is JSON already; undefined when its keys tell no dialect. */
export function parseRequest(json: JsonObject): ParsedCommand | undefined {
  if ('msgType' in json) return parseMsgType(json);
  return 'CmdID' in json || 'Command' in json ? parseCmdId(json) : undefined;
}
