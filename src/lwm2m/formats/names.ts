import { DecodeError } from '../../core/errors.js';
import { formatPath, isBelow, type Path } from '../path.js';

/** Times from here on are seconds since 1970; those below count from now [RFC 8428 4.5.3]. */
export const ABSOLUTE = 2 ** 28;

const SLASH = 0x2f;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;

/**
 * The path that a base name and a name make. Plain concatenation, so the base may stop within an id (`/3/0/1` and `1/0`
 * are `/3/0/11/0`); only where that gives nothing that was asked for, devices that leave out the slash between the two,
 * or give names relative to the request, are understood as well.
 */
export function resolveName(base: string, name: string, request: Path): Path {
  const whole = base + name;
  const path = answerTo(request, whole);
  if (path !== undefined) return path;
  const joined =
    base === '' ? answerTo(request, `${formatPath(request)}/${name}`) : answerTo(request, `${base}/${name}`);
  if (joined === undefined)
    throw new DecodeError(`name ${JSON.stringify(whole.slice(0, 40))} does not answer ${formatPath(request)}`);
  return joined;
}

/** When something was measured, seconds since 1970. */
export function resolveTime(seconds: number, nowSeconds: number): number {
  if (!Number.isFinite(seconds)) throw new DecodeError(`${seconds} is no time`);
  return seconds < ABSOLUTE ? nowSeconds + seconds : seconds;
}

function answerTo(request: Path, name: string): Path | undefined {
  const path = parseName(name);
  return path !== undefined && path.length >= 3 && isBelow(path, request) ? path : undefined;
}

/**
 * Reads a path as parsePath does, character by character because every record of every pack comes through here, and
 * refuses a leading zero: no id is written so, where one appears two ids have run together.
 */
function parseName(name: string): Path | undefined {
  const path: number[] = [];
  let id = -1;
  for (let i = name.charCodeAt(0) === SLASH ? 1 : 0; i < name.length; i += 1) {
    const code = name.charCodeAt(i);
    if (code === SLASH && id >= 0) {
      path.push(id);
      id = -1;
    } else if (code >= DIGIT_0 && code <= DIGIT_9 && id !== 0) {
      id = Math.max(id, 0) * 10 + code - DIGIT_0;
      if (id > 65534) return undefined;
    } else return undefined;
    if (path.length > 4) return undefined;
  }
  if (id >= 0) path.push(id);
  return path.length > 4 ? undefined : path;
}

/** How entries below `base` are named: a base name for the first, and the rest of the path for each. */
export function namesFor(base: Path, paths: readonly Path[]): { base: string | undefined; rest(path: Path): string } {
  if (base.length > 0 && paths.every((path) => path.length === base.length)) {
    return { base: formatPath(base), rest: () => '' };
  }
  if (base.length > 0 && paths.every((path) => path.length > base.length)) {
    return { base: `${formatPath(base)}/`, rest: (path) => path.slice(base.length).join('/') };
  }
  return { base: undefined, rest: formatPath };
}
