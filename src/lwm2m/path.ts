/** A path of 0 to 4 ids: object, object instance, resource, resource instance. `[]` is the root. Each id is 0..65534. */
export type Path = readonly number[];

/** Reads `/3/0/9`; the leading slash may be missing and a trailing one present. Undefined when it is not a path. */
export function parsePath(text: string): Path | undefined {
  const trimmed = text.replace(/^\//, '').replace(/\/$/, '');
  if (trimmed === '') return [];
  const segments = trimmed.split('/');
  // 65535 is reserved: it means "no object" in an object link.
  const isId = (segment: string): boolean => /^\d{1,5}$/.test(segment) && Number(segment) <= 65534;
  // Mapped, not pushed: an array that grows takes room for 17, and observations keep their paths.
  return segments.length <= 4 && segments.every(isId) ? segments.map(Number) : undefined;
}

/** Writes a path as `/3/0/9`; the root is `/`. */
export function formatPath(path: Path): string {
  return `/${path.join('/')}`;
}

/** Whether `path` is `prefix` or lies below it. */
export function isBelow(path: Path, prefix: Path): boolean {
  return prefix.length <= path.length && prefix.every((id, i) => path[i] === id);
}
