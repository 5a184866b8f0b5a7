/** A path of 0 to 4 ids: object, object instance, resource, resource instance. `[]` is the root. Each id is 0..65534. */
export type Path = readonly number[];

/** Reads `/3/0/9`; the leading slash may be missing and a trailing one present. Undefined when it is not a path. */
export function parsePath(text: string): Path | undefined {
  const trimmed = text.replace(/^\//, '').replace(/\/$/, '');
  if (trimmed === '') return [];
  const path: number[] = [];
  for (const segment of trimmed.split('/')) {
    // 65535 is reserved: it means "no object" in an object link.
    if (!/^\d{1,5}$/.test(segment) || Number(segment) > 65534) return undefined;
    path.push(Number(segment));
  }
  return path.length > 4 ? undefined : path;
}

/** Writes a path as `/3/0/9`; the root is `/`. */
export function formatPath(path: Path): string {
  return `/${path.join('/')}`;
}

/** Whether `path` is `prefix` or lies below it. */
export function isBelow(path: Path, prefix: Path): boolean {
  return prefix.length <= path.length && prefix.every((id, i) => path[i] === id);
}
