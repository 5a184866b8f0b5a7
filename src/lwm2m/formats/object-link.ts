import type { ObjectLink } from '../values.js';

/** Reads `66:0`; undefined when it is no object link. */
export function parseObjectLink(text: string): ObjectLink | undefined {
  const match = /^(\d{1,5}):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const objectId = Number(match[1]);
  const instanceId = Number(match[2]);
  return objectId > 65535 || instanceId > 65535 ? undefined : { objectId, instanceId };
}

/** Writes an object link as `66:0`. */
export function formatObjectLink(link: ObjectLink): string {
  return `${link.objectId}:${link.instanceId}`;
}
