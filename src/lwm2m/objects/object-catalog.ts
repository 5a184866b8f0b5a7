import type { ObjectDefinition } from '../values.js';
import { compareVersions, type ObjectVersion, parseVersion } from './object-version.js';

interface Edition {
  readonly version: ObjectVersion;
  readonly definition: ObjectDefinition;
}

const firstVersion: ObjectVersion = { major: 1, minor: 0 };
/** Of a device that did not say: the highest of the first major, since a larger minor only adds. */
const anyFirst: ObjectVersion = { major: 1, minor: Number.POSITIVE_INFINITY };

/** A fixed set of object definitions by id and version; several versions of an object stand side by side. */
export class ObjectCatalog {
  /** How many definitions there are; each version of an object is one. */
  readonly count: number;
  // Newest first, so that the first one of a major is its highest.
  private readonly editions = new Map<number, Edition[]>();

  /** Of several definitions with one id and version the last is kept. */
  constructor(definitions: Iterable<ObjectDefinition> = []) {
    for (const definition of definitions) this.put(definition);
    let count = 0;
    for (const editions of this.editions.values()) {
      editions.sort((a, b) => compareVersions(b.version, a.version));
      count += editions.length;
    }
    this.count = count;
  }

  /**
   * The definition to use for an object of this version: exactly it, else the highest of the same major, else the
   * newest. A version that is missing or cannot be read means the highest 1.x. Undefined when the object is not known at
   * all.
   */
  find(objectId: number, version?: string): ObjectDefinition | undefined {
    const editions = this.editions.get(objectId);
    const newest = editions?.[0];
    if (editions === undefined || newest === undefined) return undefined;
    // Nearly every device writes a version as its definition does, so that reading it can be spared.
    for (const edition of editions) if (edition.definition.version === version) return edition.definition;
    const wanted = (version === undefined ? undefined : parseVersion(version)) ?? anyFirst;
    let sameMajor: Edition | undefined;
    for (const edition of editions) {
      if (edition.version.major !== wanted.major) continue;
      if (edition.version.minor === wanted.minor) return edition.definition;
      sameMajor ??= edition;
    }
    return (sameMajor ?? newest).definition;
  }

  /** Every definition: by id, the newest version of each first. */
  *definitions(): Iterable<ObjectDefinition> {
    const ids = [...this.editions.keys()].sort((a, b) => a - b);
    for (const id of ids) for (const edition of this.editions.get(id) ?? []) yield edition.definition;
  }

  private put(definition: ObjectDefinition): void {
    const edition = { version: parseVersion(definition.version) ?? firstVersion, definition };
    const editions = this.editions.get(definition.id);
    if (editions === undefined) {
      this.editions.set(definition.id, [edition]);
      return;
    }
    const same = editions.findIndex((other) => compareVersions(other.version, edition.version) === 0);
    if (same === -1) editions.push(edition);
    else editions[same] = edition;
  }
}
