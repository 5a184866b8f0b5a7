import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { Log } from '#src/core/log.js';

/** The checkout. */
export const root = join(import.meta.dirname, '..', '..', '..', '..');

/** Published definitions, which are not part of the project. */
export const officialDefinitions = join(root, '..', 'shared', 'data', 'lwm2m-registry');

/** Whether the published definitions are here; when they are not, the test says so and passes. */
export function haveOfficialDefinitions(t: ExecutionContext): boolean {
  if (existsSync(officialDefinitions)) return true;
  t.log(`not tried: ${officialDefinitions} is not there`);
  t.pass();
  return false;
}

/** An object with one readable resource. */
export function objectXml({ id = 3, version = '1.0', name = 'Device', item = itemXml() } = {}): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<LWM2M><Object ObjectType="MODefinition"><Name>${name}</Name><Description1>About it.</Description1>
<ObjectID>${id}</ObjectID><ObjectURN>urn:oma:lwm2m:oma:${id}</ObjectURN><ObjectVersion>${version}</ObjectVersion>
<MultipleInstances>Single</MultipleInstances><Mandatory>Mandatory</Mandatory>
<Resources>${item}</Resources><Description2></Description2></Object></LWM2M>`;
}

/** A resource of it. */
export function itemXml({ id = '0', operations = 'R', type = 'String', multiple = 'Single' } = {}): string {
  return `<Item ID="${id}"><Name>Resource ${id}</Name><Operations>${operations}</Operations>
<MultipleInstances>${multiple}</MultipleInstances><Mandatory>Optional</Mandatory><Type>${type}</Type>
<RangeEnumeration></RangeEnumeration><Units></Units><Description></Description></Item>`;
}

/** A folder of its own for a test, with these files; it goes when the test ends. */
export async function folderWith(t: ExecutionContext, files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'isthmus-objects-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

/** A log that keeps its lines as `level message`, with their fields. */
export class MemoryLog implements Log {
  readonly lines: { readonly line: string; readonly fields: object }[] = [];

  trace(fields: object, message: string): void {
    this.lines.push({ line: `trace ${message}`, fields });
  }

  debug(fields: object, message: string): void {
    this.lines.push({ line: `debug ${message}`, fields });
  }

  info(fields: object, message: string): void {
    this.lines.push({ line: `info ${message}`, fields });
  }

  warn(fields: object, message: string): void {
    this.lines.push({ line: `warn ${message}`, fields });
  }

  error(fields: object, message: string): void {
    this.lines.push({ line: `error ${message}`, fields });
  }

  child(): Log {
    return this;
  }

  isLevelEnabled(): boolean {
    return true;
  }
}
