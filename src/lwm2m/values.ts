import type { Path } from './path.js';

/** Resource types of an object definition; `None` is an executable resource's. */
export type ResourceType =
  | 'String'
  | 'Integer'
  | 'Unsigned Integer'
  | 'Float'
  | 'Boolean'
  | 'Opaque'
  | 'Time'
  | 'Objlnk'
  | 'Corelnk'
  | 'None';

/** A link to an object instance; 65535:65535 is the null link. */
export interface ObjectLink {
  readonly objectId: number;
  readonly instanceId: number;
}

/**
 * A value as the house holds it. Integer, Unsigned Integer and Time (seconds since 1970): a number while it is safe, else
 * a bigint, so that 64 bits stay exact. Float: number. Opaque: Buffer. String and Corelnk: string.
 */
export type Value = string | number | bigint | boolean | Buffer | ObjectLink;

/** One resource or resource instance with its absolute path (3 or 4 ids). */
export interface Entry {
  readonly path: Path;
  /** The declared type, or the one the format tells when the object is not known. */
  readonly type: ResourceType;
  readonly value: Value;
  /** When it was measured, seconds since 1970 with fractions; only formats with timestamps have it. */
  readonly time?: number;
  /** True when no definition was known and the type is a guess (text: String; TLV: Opaque). */
  readonly guessed?: boolean;
}

/** What can be done with a resource; `''` is a resource only the bootstrap server touches. */
export type Operations = '' | 'R' | 'W' | 'RW' | 'E';

/** A resource of an object definition. */
export interface ResourceDefinition {
  readonly id: number;
  readonly name: string;
  readonly operations: Operations;
  readonly multiple: boolean;
  readonly mandatory: boolean;
  readonly type: ResourceType;
  /** Free text of the definition, `0..255`; empty when there is none. */
  readonly range: string;
  readonly units: string;
  readonly description: string;
}

/** One version of an object. */
export interface ObjectDefinition {
  readonly id: number;
  /** `1.0`. */
  readonly version: string;
  readonly name: string;
  readonly urn: string;
  readonly multiple: boolean;
  readonly mandatory: boolean;
  readonly description: string;
  readonly resources: ReadonlyMap<number, ResourceDefinition>;
}

/** Object definitions as one device sees them: the version it registered is already chosen. */
export interface ObjectLookup {
  object(objectId: number): ObjectDefinition | undefined;
}
