import { DecodeError } from '../../core/errors.js';
import { cmdIdParseError, parseCmdId } from './cmdid.js';
import { isObject, parseJson } from './json.js';
import { msgTypeParseError, parseMsgType } from './msgtype.js';
import type { ParsedCommand } from './parsed-command.js';

/**
 * Reads a command in the dialect that its keys tell, whatever topic it came on; `fallback` words the answer to what
 * tells none.
 */
export function parseCommand(payload: Buffer, fallback: 'cmdid' | 'msgtype'): ParsedCommand {
  const json = parseJson(payload.toString('utf8'));
  if (!(json instanceof DecodeError) && isObject(json)) {
    if ('msgType' in json) return parseMsgType(json);
    if ('CmdID' in json || 'Command' in json) return parseCmdId(json);
  }
  const reason = json instanceof DecodeError ? json.message : 'neither msgType nor CmdID';
  return {
    kind: 'invalid',
    answer: fallback === 'msgtype' ? msgTypeParseError(reason) : cmdIdParseError(reason),
  };
}
