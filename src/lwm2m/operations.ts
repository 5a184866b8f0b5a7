import type { CoapResponse, Method, OutgoingRequest } from '../coap/types.js';
import { assertNever, DecodeError } from '../core/errors.js';
import type { Command, Result } from './command.js';
import { compositeFormat, type FormatFacts, readFormat, removalFormats, writeFormats } from './content-choice.js';
import { entriesOf } from './drafts.js';
import { decode, type EncodeOptions, encode, encodePaths } from './formats/codec.js';
import { ContentFormat } from './formats/content-format.js';
import { EncodeError, UnknownFormat } from './formats/errors.js';
import { InternCache } from './intern-cache.js';
import { below, formatPath, type Path } from './path.js';
import type { Entry, ObjectLookup } from './values.js';

/** What must be known of a device to talk to it. */
export interface DeviceView extends FormatFacts {
  readonly alternatePath: readonly string[];
  readonly objects: ObjectLookup;
}

/** What goes into a request. */
type Parts = Pick<OutgoingRequest, 'path' | 'query' | 'contentFormat' | 'accept' | 'payload'>;

type Failed = Extract<Result, { kind: 'failed' }>;

/** How a command begins: with a request to the device, or not at all. */
export type Plan = { readonly kind: 'request'; readonly request: OutgoingRequest } | Failed;

/** What a response means: the command's result, or that the device does not take a format and another must be tried. */
export type Reading =
  | Result
  | { readonly kind: 'refused-format'; readonly direction: 'read' | 'write'; readonly format: number };

/** How many ids a command's path has. */
const pathLengths: Readonly<Record<Command['kind'], readonly [number, number]>> = {
  read: [1, 4],
  discover: [1, 3],
  observe: [1, 4],
  'cancel-observe': [1, 4],
  write: [2, 4],
  'write-attributes': [1, 4],
  execute: [3, 3],
  create: [1, 1],
  delete: [2, 4],
  'read-composite': [0, 0],
  'observe-composite': [0, 0],
  'cancel-observe-composite': [0, 0],
  'write-composite': [0, 0],
};

/** Observations keep their requests, and most devices are asked for the same. */
const segments = new InternCache<readonly string[]>(1000);

const noFormat: Failed = {
  kind: 'failed',
  failure: 'bad_value',
  reason: 'the device has refused every content format',
};

const noRemoval: Failed = {
  kind: 'failed',
  failure: 'bad_value',
  reason: 'null removes a resource instance only since LwM2M 1.2, and the device has registered with another version',
};

/** Makes the request of a command [LWM2M-TP 6.4]. Observe and its end differ from Read by an option that CoAP adds. */
export function planRequest(command: Command, device: DeviceView): Plan {
  const [shortest, longest] = pathLengths[command.kind];
  if (command.path.length < shortest || command.path.length > longest) {
    return { kind: 'failed', failure: 'bad_value', reason: `${formatPath(command.path)} is no path for this` };
  }
  const path = segmentsOf(device.alternatePath, command.path);
  switch (command.kind) {
    case 'read':
    case 'observe':
    case 'cancel-observe':
      return request('GET', { path, accept: readFormat(device) });
    case 'discover': {
      const query = command.depth === undefined ? [] : [`depth=${command.depth}`];
      return request('GET', { path, query, accept: ContentFormat.LINK });
    }
    case 'write': {
      const method = command.mode === 'update' ? 'POST' : 'PUT';
      return withEntries(method, path, command.path, entriesOf(command.drafts, device.objects), device);
    }
    case 'create': {
      const assignInstance = command.instanceId === undefined;
      const entries = entriesOf(command.drafts, device.objects);
      return withEntries('POST', path, command.path, entries, device, { assignInstance });
    }
    case 'write-attributes':
      return request('PUT', { path, query: command.attributes });
    case 'execute':
      return command.args === ''
        ? request('POST', { path })
        : request('POST', { path, contentFormat: ContentFormat.TEXT, payload: Buffer.from(command.args) });
    case 'delete':
      return request('DELETE', { path });
    case 'read-composite':
    case 'observe-composite':
    case 'cancel-observe-composite':
      return fetchPaths(path, command.paths, device);
    case 'write-composite': {
      const { drafts, removed } = command;
      if (removed.length > 0 && device.version !== '1.2') return noRemoval;
      return withEntries('iPATCH', path, command.path, entriesOf(drafts, device.objects), device, { removed });
    }
    default:
      return assertNever(command);
  }
}

/** Reads the response to the request that planRequest made for a command, or a notification of an observation. */
export function readResponse(
  command: Command,
  sent: OutgoingRequest,
  response: CoapResponse,
  device: DeviceView,
  nowSeconds: number,
): Reading {
  const { code } = response;
  if (!code.startsWith('2')) return refusedFormat(command, sent, code) ?? { kind: 'done', code };
  switch (command.kind) {
    case 'read':
    case 'observe':
    case 'cancel-observe':
    case 'read-composite':
    case 'observe-composite':
    case 'cancel-observe-composite':
      return content(command.path, sent, response, device, nowSeconds);
    case 'discover':
      return { kind: 'links', code, links: response.payload.toString('utf8') };
    case 'create': {
      const location = createdPath(response.location ?? [], device.alternatePath);
      return location === undefined ? { kind: 'done', code } : { kind: 'done', code, location };
    }
    case 'write':
    case 'write-attributes':
    case 'execute':
    case 'delete':
    case 'write-composite':
      return { kind: 'done', code };
    default:
      return assertNever(command);
  }
}

/** Uri-Path of a path on a device. */
function segmentsOf(alternatePath: readonly string[], path: Path): readonly string[] {
  const key = alternatePath.length === 0 ? below(path, 0) : `${alternatePath.join('/')} ${below(path, 0)}`;
  return segments.get(key) ?? segments.add(key, alternatePath.concat(path.map(String)));
}

function request(method: Method, { path, query, contentFormat, accept, payload }: Parts): Plan {
  return { kind: 'request', request: { method, path, query, contentFormat, accept, payload } };
}

/** A request that names many paths [LWM2M 6.3.9]. */
function fetchPaths(path: readonly string[], paths: readonly Path[], device: DeviceView): Plan {
  const format = compositeFormat(device);
  if (format === undefined) return noFormat;
  const payload = encodePaths(format, paths);
  return payload instanceof EncodeError
    ? { kind: 'failed', failure: 'bad_value', reason: payload.message }
    : request('FETCH', { path, contentFormat: format, accept: format, payload });
}

/** A request with values, in the first format that can hold them. */
function withEntries(
  method: Method,
  path: readonly string[],
  base: Path,
  entries: Entry[] | Failed,
  device: DeviceView,
  options: EncodeOptions = {},
): Plan {
  if (!Array.isArray(entries)) return entries;
  const [first] = entries;
  const single = first !== undefined && entries.length === 1 && first.path.length === base.length ? first : undefined;
  let plan: Plan = noFormat;
  for (const contentFormat of formatsFor(base, single, device, options)) {
    const payload = encode(contentFormat, base, entries, options);
    if (!(payload instanceof EncodeError)) return request(method, { path, contentFormat, payload });
    plan = { kind: 'failed', failure: 'bad_value', reason: payload.message };
  }
  return plan;
}

function formatsFor(
  base: Path,
  single: Entry | undefined,
  device: DeviceView,
  { assignInstance = false, removed = [] }: EncodeOptions,
): number[] {
  // Only TLV can leave an instance's id out.
  if (assignInstance) return [ContentFormat.TLV];
  if (removed.length > 0) return removalFormats(device);
  const composite = compositeFormat(device);
  if (base.length === 0) return composite === undefined ? [] : [composite];
  return writeFormats(device, single);
}

/** 4.06 names the format asked for, or written by a device that means 4.15; 4.02 a device that knows no Accept. */
function refusedFormat(command: Command, sent: OutgoingRequest, code: string): Reading | undefined {
  const mustBeWritten = code === '4.15' || (code === '4.06' && sent.accept === undefined);
  if (sent.contentFormat !== undefined && command.kind !== 'execute' && mustBeWritten) {
    return { kind: 'refused-format', direction: 'write', format: sent.contentFormat };
  }
  if (sent.accept !== undefined && command.kind !== 'discover' && (code === '4.06' || code === '4.02')) {
    return { kind: 'refused-format', direction: 'read', format: sent.accept };
  }
  return undefined;
}

function content(
  path: Path,
  sent: OutgoingRequest,
  response: CoapResponse,
  device: DeviceView,
  nowSeconds: number,
): Result {
  // Devices that say nothing about the format mean text for a value, and what they were asked for otherwise.
  const silent = path.length > 2 ? ContentFormat.TEXT : (sent.accept ?? ContentFormat.TLV);
  const format = response.contentFormat ?? silent;
  const { objects } = device;
  const isDefined = (object: Path): boolean => objects.object(object[0] as number) !== undefined;
  const entries = decode(format, response.payload, path, objects, { nowSeconds });
  const defined =
    path.length > 0 ? isDefined(path) : !Array.isArray(entries) || entries.every((e) => isDefined(e.path));
  if (!(entries instanceof DecodeError)) return { kind: 'content', code: response.code, entries, defined };
  if (entries instanceof UnknownFormat) {
    return { kind: 'undecoded', code: response.code, path, contentFormat: format, payload: response.payload };
  }
  if (format === ContentFormat.OPAQUE && path.length > 2) {
    // Bytes of a resource that is defined otherwise: the device knows better what it has.
    const bytes: Entry = { path, type: 'Opaque', value: response.payload, guessed: true };
    return { kind: 'content', code: response.code, entries: [bytes], defined };
  }
  return { kind: 'failed', failure: defined ? 'bad_answer' : 'no_definition', reason: entries.message };
}

function createdPath(location: readonly string[], alternatePath: readonly string[]): string | undefined {
  if (location.length === 0) return undefined;
  const prefixed = alternatePath.length > 0 && alternatePath.every((segment, i) => location[i] === segment);
  return `/${location.slice(prefixed ? alternatePath.length : 0).join('/')}`;
}
