import { DecodeError } from '../core/errors.js';
import { type Link, parseLinks } from './formats/link.js';
import { InternCache } from './intern-cache.js';
import { parsePath } from './path.js';

/** The objects and instances a device has, from the link list of its registration [LWM2M 6.2.1]. */
export interface RegisteredObjects {
  /** The link list as it was sent. */
  readonly links: string;
  /** What stands before every path on the device, usually nothing. */
  readonly alternatePath: readonly string[];
  /** Paths as registered, without the alternate path: `/1/0`, `/5`. */
  readonly paths: readonly string[];
  /** `ver=` of the objects that have one. */
  readonly versions: ReadonlyMap<number, string>;
  /** `ct=` of the root: content formats the device prefers; empty when it did not say. */
  readonly contentFormats: readonly number[];
}

/** The longest link list taken, in bytes; a device with every registered object needs about 4,000. */
export const maxObjectListBytes = 65_536;

const cachedBytes = 4096;
/** Devices of one model register the same list. */
const cache = new InternCache<RegisteredObjects>(1000);

/** Parses the payload of a Register or Update; throws a DecodeError. */
export function parseRegisteredObjects(payload: Buffer): RegisteredObjects {
  if (payload.length > maxObjectListBytes) throw new DecodeError(`longer than ${maxObjectListBytes} bytes`);
  const text = payload.toString('latin1');
  const known = cache.get(text);
  if (known !== undefined) return known;
  const sent = payload.toString('utf8');
  const links = parseLinks(sent);
  if (links instanceof DecodeError) throw links;
  // A list of ASCII, as nearly all are, is kept once, as key and value.
  const objects = registeredObjects(sent === text ? text : sent, links);
  return payload.length > cachedBytes ? objects : cache.add(text, objects);
}

/** What the link list of an earlier registration says; throws a DecodeError. */
export function registeredObjectsOf(links: string): RegisteredObjects {
  return cache.get(links) ?? parseRegisteredObjects(Buffer.from(links));
}

function registeredObjects(sent: string, links: readonly Link[]): RegisteredObjects {
  const root = links.find(isRoot);
  const alternatePath = root === undefined ? [] : segments(root.target);
  const paths: string[] = [];
  const versions = new Map<number, string>();
  for (const link of links) {
    if (link === root) continue;
    const path = pathBelow(alternatePath, segments(link.target));
    if (path === undefined) continue;
    paths.push(`/${path.join('/')}`);
    const version = link.attributes.get('ver');
    if (typeof version === 'string') versions.set(path[0] as number, version);
  }
  return { links: sent, alternatePath, paths, versions, contentFormats: contentFormats(root ?? links.find(isSlash)) };
}

/** `rt="oma.lwm2m"` names the root; the value is a list of words [RFC 6690 3.1]. */
function isRoot(link: Link): boolean {
  const type = link.attributes.get('rt');
  return typeof type === 'string' && type.split(' ').includes('oma.lwm2m');
}

function isSlash(link: Link): boolean {
  return segments(link.target).length === 0;
}

function segments(target: string): string[] {
  return target.split('/').filter((segment) => segment !== '');
}

/** The LwM2M path of a link; undefined when it is none. A path without the root's prefix is taken too. */
function pathBelow(prefix: readonly string[], target: readonly string[]): readonly number[] | undefined {
  const inside = prefix.length > 0 && prefix.every((segment, i) => target[i] === segment);
  const path = parsePath((inside ? target.slice(prefix.length) : target).join('/'));
  return path === undefined || path.length === 0 ? undefined : path;
}

function contentFormats(link: Link | undefined): number[] {
  const ct = link?.attributes.get('ct');
  if (typeof ct !== 'string') return [];
  return ct
    .split(/[ ,]+/)
    .filter((number) => /^\d{1,5}$/.test(number))
    .map(Number);
}
