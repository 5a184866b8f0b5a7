/** An object's version. A larger minor only adds to what was there; another major may differ in anything. */
export interface ObjectVersion {
  readonly major: number;
  readonly minor: number;
}

/** Reads `1.1`; `1` is 1.0. Undefined when it is no version. */
export function parseVersion(text: string): ObjectVersion | undefined {
  const match = /^\s*(\d{1,5})(?:\.(\d{1,5}))?\s*$/.exec(text);
  return match === null ? undefined : { major: Number(match[1]), minor: Number(match[2] ?? 0) };
}

/** Writes `1.1`. */
export function formatVersion(version: ObjectVersion): string {
  return `${version.major}.${version.minor}`;
}

/** Less than 0 when `a` is older than `b`. */
export function compareVersions(a: ObjectVersion, b: ObjectVersion): number {
  return a.major - b.major || a.minor - b.minor;
}

// What each release of the protocol carries when it is not 1.0. Where patch releases disagree (object 4 in 1.1 and
// 1.1.1) the later one counts: it only adds.
const coreVersions: Record<string, Readonly<Record<number, string>>> = {
  '1.1': { 0: '1.1', 1: '1.1', 3: '1.1', 4: '1.2' },
  '1.2': { 0: '1.2', 1: '1.2', 2: '1.1', 3: '1.2', 4: '1.3', 5: '1.1' },
};

/** Objects of the core specification have ids up to this. */
const lastCoreObject = 7;

/**
 * The version an object has when its device registered none: of the objects of the core specification the one that came
 * with the device's LwM2M version [LWM2M-CORE 7.2.3]. For others that means 1.0, but devices leave later ones out as
 * well: undefined, so that the highest 1.x is looked for, in which 1.0 is contained.
 */
export function defaultVersion(objectId: number, lwm2mVersion: string): string | undefined {
  if (objectId > lastCoreObject) return undefined;
  return coreVersions[lwm2mVersion]?.[objectId] ?? '1.0';
}
