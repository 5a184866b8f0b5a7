import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { loadDefinitions } from '#src/lwm2m/objects/load-definitions.js';
import type { ObjectDefinition } from '#src/lwm2m/values.js';
import { folderWith, haveOfficialDefinitions, MemoryLog, officialDefinitions, root } from './definition-files.js';

const shipped = join(root, 'lwm2m_xml');
const loaded = loadDefinitions(shipped, new MemoryLog());

test('every shipped file loads, without a word', async (t) => {
  const log = new MemoryLog();
  const { catalog, files, skipped } = await loadDefinitions(shipped, log);
  t.deepEqual(skipped, []);
  t.deepEqual(log.lines, []);
  t.is(files, 145);
  t.is(catalog.count, files);
});

test('the shipped objects and their versions', async (t) => {
  const { catalog } = await loaded;
  const versions = new Map<number, string[]>();
  for (const { id, version } of catalog.definitions()) versions.set(id, [version, ...(versions.get(id) ?? [])]);
  for (const [id, expected] of [
    [0, '1.0 1.1 1.2'],
    [1, '1.0 1.1 1.2'],
    [2, '1.0 1.1'],
    [3, '1.0 1.1 1.2'],
    [4, '1.0 1.1 1.2 1.3'],
    [5, '1.0 1.1 1.2'],
    [6, '1.0'],
    [7, '1.0'],
    [3303, '1.0 1.1'],
    [3336, '1.0 1.1 2.0'],
  ] as const) {
    t.is(versions.get(id)?.join(' '), expected, `object ${id}`);
  }
  const alone = [9, 10, 11, 12, 13, 14, 16, 19, 20, 21, 23, 24, 25, 26, 3200, 3201, 3202, 3203, 3350, 3411];
  for (const id of alone) t.true(versions.has(id), `object ${id}`);
});

test('the device object is what devices know', async (t) => {
  const device = (await loaded).catalog.find(3, '1.0');
  t.like(device, { id: 3, name: 'Device', multiple: false, mandatory: true });
  t.deepEqual([...(device?.resources.keys() ?? [])], [...Array(23).keys()]);
  t.like(device?.resources.get(0), { name: 'Manufacturer', operations: 'R', type: 'String', multiple: false });
  t.like(device?.resources.get(4), { name: 'Reboot', operations: 'E', type: 'None', mandatory: true });
  t.like(device?.resources.get(6), { operations: 'R', type: 'Integer', multiple: true, range: '0-7' });
  t.like(device?.resources.get(13), { name: 'Current Time', operations: 'RW', type: 'Time' });
  t.like(device?.resources.get(22), { type: 'Objlnk', multiple: true });
});

test('later versions have what they added', async (t) => {
  const { catalog } = await loaded;
  t.is(catalog.find(0, '1.0')?.resources.has(13), false);
  t.like(catalog.find(0, '1.1')?.resources.get(17), { type: 'Objlnk', operations: '' });
  t.is(catalog.find(3303, '1.0')?.resources.has(5518), false);
  t.like(catalog.find(3303, '1.1')?.resources.get(5518), { type: 'Time' });
  t.like(catalog.find(3303)?.resources.get(5700), { type: 'Float', operations: 'R', mandatory: true });
});

test('no description is longer than a sentence', async (t) => {
  for (const { description, resources } of (await loaded).catalog.definitions()) {
    for (const text of [description, ...[...resources.values()].map((resource) => resource.description)]) {
      t.true(text.length <= 80, text);
    }
  }
});

/** Everything but the texts. */
function facts(definition: ObjectDefinition): object {
  const resources = [...definition.resources.values()].map((resource) => ({ ...resource, description: '', range: '' }));
  return { ...definition, description: '', resources };
}

test('all published definitions load, and the shipped ones say the same', async (t) => {
  if (!haveOfficialDefinitions(t)) return;
  const official = await loadDefinitions(officialDefinitions, new MemoryLog());
  t.deepEqual(official.skipped, []);
  t.is(official.files, 754);
  t.is(official.catalog.count, 424);
  for (const definition of (await loaded).catalog.definitions()) {
    const { id, version } = definition;
    const published = official.catalog.find(id, version);
    t.is(published?.version, version);
    if (published) t.deepEqual(facts(definition), facts(published), `object ${id} ${version}`);
  }
});

test('the shipped files are what the script makes', async (t) => {
  if (!haveOfficialDefinitions(t)) return;
  const folder = await folderWith(t, { 'stale.xml': 'goes away' });
  const script = join(root, 'scripts', 'make-lwm2m-xml.mjs');
  await promisify(execFile)(process.execPath, [script, officialDefinitions, folder]);
  t.deepEqual((await readdir(folder)).sort(), (await readdir(shipped)).sort());
  for (const name of await readdir(folder)) {
    t.is(await readFile(join(folder, name), 'utf8'), await readFile(join(shipped, name), 'utf8'), name);
  }
});
