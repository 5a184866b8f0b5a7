/** Freezes a value and all that hangs on it. A Map's entries are frozen; the Map itself only its type protects. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  const parts: Iterable<unknown> = value instanceof Map ? value.values() : Object.values(value);
  Object.freeze(value);
  for (const part of parts) deepFreeze(part);
  return value;
}
