import { join } from 'node:path';
import { silentLog } from '#src/core/log.js';
import { loadDefinitions } from '#src/lwm2m/objects/load-definitions.js';
import { defaultVersion } from '#src/lwm2m/objects/object-version.js';
import type { ObjectLookup } from '#src/lwm2m/values.js';

const folder = join(import.meta.dirname, '..', '..', '..', '..', 'lwm2m_xml');
const { catalog } = await loadDefinitions(folder, silentLog);

/** The shipped object definitions. */
export const shipped = {
  lookup: (versions: ReadonlyMap<number, string | undefined>, lwm2mVersion: string): ObjectLookup => ({
    object: (id) => catalog.find(id, versions.get(id) ?? defaultVersion(id, lwm2mVersion)),
  }),
};

/** As a device of version 1.0 sees them. */
export const objects: ObjectLookup = shipped.lookup(new Map(), '1.0');
