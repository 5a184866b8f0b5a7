import type { Command, Draft } from '../command.js';
import { isBelow, type Path } from '../path.js';

type Write = Extract<Command, { kind: 'write' }>;

/**
 * The write that an application means by a base and values below it: on an instance an update of what is given, on a
 * resource a replacement. A base above the instances counts as the one instance, or the one resource, that the values
 * name; undefined when they name several.
 */
export function writeTarget(base: Path, drafts: readonly Draft[], mode?: Write['mode']): Write | undefined {
  const [first] = drafts;
  if (first === undefined) return undefined;
  let path = base;
  if (base.length < 2) path = drafts.length === 1 && base.length === 0 ? first.path : first.path.slice(0, 2);
  if (!drafts.every((draft) => isBelow(draft.path, path))) return undefined;
  return { kind: 'write', path, mode: mode ?? (path.length === 2 ? 'update' : 'replace'), drafts };
}

type Create = Extract<Command, { kind: 'create' }>;

/**
 * The creation of the instance that the values name, below an object; undefined when they name several or lie elsewhere.
 */
export function createTarget(base: Path, drafts: readonly Draft[]): Create | undefined {
  if (base.length === 0 || base.length > 2) return undefined;
  const instanceId = drafts[0]?.path[1] ?? base[1];
  const below = drafts.every((draft) => isBelow(draft.path, base) && draft.path[1] === instanceId);
  return below ? { kind: 'create', path: base.slice(0, 1), instanceId, drafts } : undefined;
}
