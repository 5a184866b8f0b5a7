/** A path of 0 to 4 ids: object, object instance, resource, resource instance. `[]` is the root. Each id is 0..65534. */
export type Path = readonly number[];

const zero = '0'.charCodeAt(0);
const separator = '/'.charCodeAt(0) - zero;

/** Reads `/3/0/9`; the leading slash may be missing and a trailing one present. Undefined when it is not a path. */
export function parsePath(text: string): Path | undefined {
  const start = text.startsWith('/') ? 1 : 0;
  const end = text.length > start && text.endsWith('/') ? text.length - 1 : text.length;
  if (start === end) return [];
  const ids = [0, 0, 0, 0];
  let count = 0;
  let digits = 0;
  // Read by character: applications' commands name a path each, and expressions took longer than all else in them.
  for (let at = start; at <= end; at++) {
    const digit = at === end ? separator : text.charCodeAt(at) - zero;
    if (digit === separator) {
      // 65535 is reserved: it means "no object" in an object link.
      if (digits === 0 || digits > 5 || (ids[count] as number) > 65534) return undefined;
      count++;
      digits = 0;
    } else {
      if (digit < 0 || digit > 9 || count === ids.length) return undefined;
      ids[count] = (ids[count] as number) * 10 + digit;
      digits++;
    }
  }
  return ids.slice(0, count);
}

/** Writes a path as `/3/0/9`; the root is `/`. */
export function formatPath(path: Path): string {
  return path.length === 0 ? '/' : below(path, 0);
}

/** Whether `path` is `prefix` or lies below it. */
export function isBelow(path: Path, prefix: Path): boolean {
  return prefix.length <= path.length && prefix.every((id, i) => path[i] === id);
}

/** What follows the first `from` ids of a path, with a slash before each id; empty when nothing does. */
export function below(path: Path, from: number): string {
  // Joining a few numbers takes an array several times as long.
  let text = '';
  for (let i = from; i < path.length; i++) text += `/${path[i]}`;
  return text;
}
