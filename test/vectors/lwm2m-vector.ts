import type { Path } from '#src/lwm2m/path.js';
import type { Entry, ResourceType, Value } from '#src/lwm2m/values.js';

/** A payload and what it means, read as the answer to a request. */
export interface Lwm2mVector {
  readonly name: string;
  readonly format: number;
  readonly request: Path;
  readonly payload: Buffer;
  readonly entries: readonly Entry[];
  /** True when encoding the entries must give these very bytes. */
  readonly canonical: boolean;
}

/** Bytes from hex; blanks are for the reader. */
export function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

/** An entry in short. */
export function entry(path: Path, type: ResourceType, value: Value, time?: number): Entry {
  return time === undefined ? { path, type, value } : { path, type, value, time };
}

/** An entry of a resource without a definition, in short. */
export function guessed(path: Path, type: ResourceType, value: Value): Entry {
  return { path, type, value, guessed: true };
}
