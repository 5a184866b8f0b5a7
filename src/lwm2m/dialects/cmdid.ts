import type { z } from 'zod';
import { assertNever } from '../../core/errors.js';
import type { Command, Draft } from '../command.js';
import { type Path, parsePath } from '../path.js';
import { CmdIdReplies, errorAnswer } from './cmdid-replies.js';
import type { JsonObject } from './json.js';
import type { ParsedCommand, WrongCommand } from './parsed-command.js';
import { type CmdIdName, cmdIdCommands, explain } from './schema.js';
import { createTarget, writeTarget } from './write-target.js';

/**
 * Reads a command of the CmdID dialect. The era had no answer to what it did not understand; ours has the keys of its
 * errors and one more, `Reason`.
 */
export function parseCmdId(json: JsonObject): ParsedCommand {
  const { CmdID: id, Command: name } = json;
  const refuse = (title: string, reason?: string): ParsedCommand => ({
    kind: 'invalid',
    answer: errorAnswer(id, name, title, reason),
  });
  if (typeof id !== 'number' && typeof id !== 'bigint' && typeof id !== 'string') {
    return refuse('Bad Command', 'CmdID: a number is missing');
  }
  if (typeof name !== 'string' || !isName(name)) return refuse('Unknown Command');
  const parsed = commandOf(name, json);
  if ('reason' in parsed) return refuse('Bad Command', parsed.reason);
  return { kind: 'command', command: parsed, replies: new CmdIdReplies(json, parsed.path) };
}

/** The answer to what is no command of any dialect. */
export function cmdIdParseError(reason: string): string {
  return errorAnswer(undefined, undefined, 'Bad JSON', reason);
}

function isName(name: string): name is CmdIdName {
  return Object.hasOwn(cmdIdCommands, name);
}

function commandOf(name: CmdIdName, json: JsonObject): Command | WrongCommand {
  switch (name) {
    case 'Read':
      return onPath(cmdIdCommands.Read, json, (path) => ({ kind: 'read', path }));
    case 'Discover':
      return onPath(cmdIdCommands.Discover, json, (path) => ({ kind: 'discover', path }));
    case 'Observe':
      return onPath(cmdIdCommands.Observe, json, (path) => ({ kind: 'observe', path }));
    case 'Cancel-Observe':
      return onPath(cmdIdCommands['Cancel-Observe'], json, (path) => ({ kind: 'cancel-observe', path }));
    case 'Delete':
      return onPath(cmdIdCommands.Delete, json, (path) => ({ kind: 'delete', path }));
    case 'Execute':
      return onPath(cmdIdCommands.Execute, json, (path, data) => ({
        kind: 'execute',
        path,
        args: data.Arguments ?? '',
      }));
    case 'Write-Attributes':
      return onPath(cmdIdCommands['Write-Attributes'], json, (path, data) => ({
        kind: 'write-attributes',
        path,
        attributes: data.Value.split('&').filter((attribute) => attribute !== ''),
      }));
    case 'Write':
      return onRecords(cmdIdCommands.Write, json, writeTarget);
    case 'Create':
      return onRecords(cmdIdCommands.Create, json, createTarget);
    default:
      return assertNever(name);
  }
}

function onPath<Data extends { BaseName: string }>(
  schema: z.ZodType<Data>,
  json: JsonObject,
  make: (path: Path, data: Data) => Command,
): Command | WrongCommand {
  const parsed = schema.safeParse(json);
  if (!parsed.success) return { reason: explain(parsed.error) };
  const path = parsePath(parsed.data.BaseName);
  return path === undefined ? { reason: 'BaseName: not a path' } : make(path, parsed.data);
}

type Records = z.infer<typeof cmdIdCommands.Write>['Value'];

function onRecords(
  schema: z.ZodType<{ Value: Records }>,
  json: JsonObject,
  make: (base: Path, drafts: readonly Draft[]) => Command | undefined,
): Command | WrongCommand {
  const parsed = schema.safeParse(json);
  if (!parsed.success) return { reason: explain(parsed.error) };
  const { bn, e } = parsed.data.Value;
  const base = parsePath(bn);
  if (base === undefined) return { reason: 'Value.bn: not a path' };
  const drafts: Draft[] = [];
  for (const record of e) {
    const path = parsePath(`${bn}/${record.n ?? ''}`.replace(/\/+/g, '/'));
    if (path === undefined || path.length < 3) return { reason: 'Value.e: bn and n do not make a resource' };
    drafts.push({ path, value: valueOf(record) });
  }
  return make(base, drafts) ?? { reason: 'Value: not below one object instance' };
}

function valueOf(record: Records['e'][number]): Draft['value'] {
  if ('v' in record) return record.v;
  if ('bv' in record) return record.bv;
  if ('sv' in record) return record.sv;
  return 'ov' in record ? record.ov : record.t;
}
