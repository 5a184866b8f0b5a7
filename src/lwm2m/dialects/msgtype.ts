import type { z } from 'zod';
import { assertNever } from '../../core/errors.js';
import type { Command, Draft } from '../command.js';
import { type Path, parsePath } from '../path.js';
import { isObject, type Json, type JsonObject, writeJson } from './json.js';
import { badRequest, echo, MsgTypeReplies } from './msgtype-replies.js';
import type { ParsedCommand, WrongCommand } from './parsed-command.js';
import { explain, type MsgTypeName, msgTypeData, msgTypeWrite } from './schema.js';
import { createTarget, writeTarget } from './write-target.js';

/** Reads a command of the msgType dialect. What is not understood is answered 4.00 with a `reason`. */
export function parseMsgType(json: JsonObject): ParsedCommand {
  const { msgType: name, data } = json;
  const requestPath = isObject(data)
    ? (data['path'] ?? data['basePath'] ?? data['paths'] ?? (name === 'write-composite' ? '/' : ''))
    : '';
  const refuse = (reason: string): ParsedCommand => ({
    kind: 'invalid',
    answer: echo(json, { data: badRequest(requestPath, reason) }),
  });
  if (typeof name !== 'string' || !isName(name)) return refuse('msgType: not known');
  if (!isObject(data)) return refuse('data: an object is missing');
  const hex = json['encoding'] === 'hex';
  const parsed = commandOf(name, data, hex);
  if ('reason' in parsed) return refuse(`data.${parsed.reason}`);
  return { kind: 'command', command: parsed, replies: new MsgTypeReplies(json, requestPath) };
}

/** The answer to what is no command of any dialect. */
export function msgTypeParseError(reason: string): string {
  return writeJson({ msgType: 'error', data: badRequest('', reason) });
}

/** An event that no command asked for. */
export function msgTypeEvent(msgType: string, data: JsonObject): string {
  return writeJson({ msgType, data });
}

function isName(name: string): name is MsgTypeName {
  return name === 'write' || Object.hasOwn(msgTypeData, name);
}

function commandOf(name: MsgTypeName, data: JsonObject, hex: boolean): Command | WrongCommand {
  switch (name) {
    case 'read':
      return onPath(msgTypeData.read, data, (path) => ({ kind: 'read', path }));
    case 'observe':
      return onPath(msgTypeData.observe, data, (path) => ({ kind: 'observe', path }));
    case 'cancel-observe':
      return onPath(msgTypeData['cancel-observe'], data, (path) => ({ kind: 'cancel-observe', path }));
    case 'delete':
      return onPath(msgTypeData.delete, data, (path) => ({ kind: 'delete', path }));
    case 'discover':
      return discoverOf(data);
    case 'execute':
      return onPath(msgTypeData.execute, data, (path, { args }) => ({
        kind: 'execute',
        path,
        args: args === undefined || args === null || args === 'undefined' ? '' : args,
      }));
    case 'write-attr':
      return onPath(msgTypeData['write-attr'], data, (path, { path: _path, ...attributes }) => ({
        kind: 'write-attributes',
        path,
        attributes: attributesOf(attributes),
      }));
    case 'write':
      return 'content' in data
        ? onItems(msgTypeWrite.many, data, hex, (base, drafts, { mode }) => writeTarget(base, drafts, mode))
        : writeOne(data, hex);
    case 'create':
      return createOf(data, hex);
    case 'read-composite':
    case 'observe-composite':
    case 'cancel-observe-composite':
      return onPaths(name, data);
    case 'write-composite':
      return compositeOf(data, hex);
    default:
      return assertNever(name);
  }
}

function onPath<Data extends { path: string }>(
  schema: z.ZodType<Data>,
  data: JsonObject,
  make: (path: Path, data: Data) => Command,
): Command | WrongCommand {
  const parsed = schema.safeParse(data);
  if (!parsed.success) return { reason: explain(parsed.error) };
  const path = parsePath(parsed.data.path);
  return path === undefined ? { reason: 'path: not a path' } : make(path, parsed.data);
}

function onPaths(
  kind: 'read-composite' | 'observe-composite' | 'cancel-observe-composite',
  data: JsonObject,
): Command | WrongCommand {
  const parsed = msgTypeData[kind].safeParse(data);
  if (!parsed.success) return { reason: explain(parsed.error) };
  const paths: Path[] = [];
  for (const [i, text] of parsed.data.paths.entries()) {
    const path = parsePath(text);
    if (path === undefined) return { reason: `paths.${i}: not a path` };
    paths.push(path);
  }
  return { kind, path: [], paths };
}

/** The depth may stand in the path as well, `/3/0?depth=1`. */
function discoverOf(data: JsonObject): Command | WrongCommand {
  const inPath = /^(.*)\?depth=(\d)$/.exec(scalarText(data['path']));
  const plain = inPath === null ? data : { ...data, path: inPath[1] as string, depth: Number(inPath[2]) };
  return onPath(msgTypeData.discover, plain, (path, { depth }) => ({
    kind: 'discover',
    path,
    ...(depth === undefined ? {} : { depth }),
  }));
}

/** Null leaves an attribute alone, as this era's clients expect; an empty text removes it. */
function attributesOf(data: Readonly<Record<string, Json>>): string[] {
  const attributes: string[] = [];
  for (const [name, value] of Object.entries(data)) {
    if (value === null) continue;
    const text = typeof value === 'boolean' ? String(Number(value)) : scalarText(value);
    attributes.push(text === '' ? name : `${name}=${text}`);
  }
  return attributes;
}

type Item = z.infer<typeof msgTypeWrite.many>['content'][number];

function writeOne(data: JsonObject, hex: boolean): Command | WrongCommand {
  const parsed = msgTypeWrite.one.safeParse(data);
  if (!parsed.success) return { reason: explain(parsed.error) };
  const draft = draftOf(parsed.data.path, parsed.data, hex);
  if ('reason' in draft) return draft;
  return writeTarget(draft.path, [draft], parsed.data.mode) ?? { reason: 'path: not a resource' };
}

function onItems<Data extends { basePath: string; content: Item[] }>(
  schema: z.ZodType<Data>,
  data: JsonObject,
  hex: boolean,
  make: (base: Path, drafts: readonly Draft[], data: Data) => Command | undefined,
): Command | WrongCommand {
  const parsed = schema.safeParse(data);
  if (!parsed.success) return { reason: explain(parsed.error) };
  const base = parsePath(parsed.data.basePath);
  if (base === undefined) return { reason: 'basePath: not a path' };
  const drafts: Draft[] = [];
  for (const [i, item] of parsed.data.content.entries()) {
    const draft = draftOf(`${parsed.data.basePath}/${item.path}`, item, hex);
    if ('reason' in draft) return { reason: `content.${i}.${draft.reason}` };
    drafts.push(draft);
  }
  return make(base, drafts, parsed.data) ?? { reason: 'content: not below one object instance' };
}

/** Null takes a resource instance away [RFC 8790 3.2]. */
function compositeOf(data: JsonObject, hex: boolean): Command | WrongCommand {
  const checked = msgTypeData['write-composite'].safeParse(data);
  if (!checked.success) return { reason: explain(checked.error) };
  const { basePath } = checked.data;
  if (parsePath(basePath) === undefined) return { reason: 'basePath: not a path' };
  const drafts: Draft[] = [];
  const removed: Path[] = [];
  for (const [i, { value, ...item }] of checked.data.content.entries()) {
    const text = `${basePath}/${item.path}`;
    if (value !== null) {
      const draft = draftOf(text, { ...item, value }, hex);
      if ('reason' in draft) return { reason: `content.${i}.${draft.reason}` };
      drafts.push(draft);
    } else {
      const path = parsePath(text.replace(/\/+/g, '/'));
      if (path?.length !== 4) return { reason: `content.${i}.value: only resource instances can be removed` };
      removed.push(path);
    }
  }
  return { kind: 'write-composite', path: [], drafts, removed };
}

/** Values given by their resource ids alone are for an instance whose id the device picks. */
function createOf(data: JsonObject, hex: boolean): Command | WrongCommand {
  const basePath = scalarText(data['basePath']);
  const { content } = data;
  const paths = Array.isArray(content)
    ? content.map((item) => parsePath(isObject(item) ? scalarText(item['path']) : ''))
    : [];
  const unnamed = parsePath(basePath)?.length === 1 && paths.every((path) => path?.length === 1);
  if (!unnamed) return onItems(msgTypeData.create, data, hex, createTarget);
  return onItems(msgTypeData.create, { ...data, basePath: `${basePath}/0` }, hex, (base, drafts) => ({
    kind: 'create',
    path: base.slice(0, 1),
    drafts,
  }));
}

function draftOf(text: string, item: Item, hex: boolean): Draft | WrongCommand {
  const path = parsePath(text.replace(/\/+/g, '/'));
  if (path === undefined || path.length < 3) return { reason: 'path: not a resource' };
  const value = hex ? fromHex(item.value, item.type) : item.value;
  if (value === undefined) return { reason: 'value: not hexadecimal' };
  return { path, value, ...(item.type === undefined ? {} : { type: item.type }) };
}

/** With `"encoding":"hex"` a value's text is given in hexadecimal; that of an Opaque is its bytes. */
function fromHex(value: Item['value'], type: Item['type']): Buffer | string | undefined {
  const text = String(value);
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) return undefined;
  const bytes = Buffer.from(text, 'hex');
  return type === 'Opaque' ? bytes : bytes.toString('utf8');
}

/** A text or number as text; nothing for what is neither. */
function scalarText(value: Json | undefined): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : '';
}
