/** Ends the owner's name in a key; what follows never holds it. Nothing comes before it: records are in the order of their owners. */
const end = '\0';

/** The key of one of an owner's several records. */
export const recordKey = (owner: string, rest: string): string => owner + end + rest;

/** Whose record it is, and the rest of its key. */
export function splitRecordKey(key: string): [owner: string, rest: string] {
  const at = key.lastIndexOf(end);
  return at < 0 ? [key, ''] : [key.slice(0, at), key.slice(at + 1)];
}
