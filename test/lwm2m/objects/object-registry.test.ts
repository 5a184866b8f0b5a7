import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import test from 'ava';
import { ObjectRegistry } from '#src/lwm2m/objects/object-registry.js';
import { FakeClock } from '../../support/fake-clock.js';
import { folderWith, MemoryLog, objectXml } from './definition-files.js';

function registryOf(directory: string, watch = false) {
  const log = new MemoryLog();
  const clock = new FakeClock();
  return { registry: new ObjectRegistry({ directory, log, clock, watch }), log, clock };
}

/** Waits for what the operating system reports in its own time. */
async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition() && tries < 500; tries++) await setTimeout(10);
}

test('nothing is known before the start', (t) => {
  const { registry } = registryOf('nowhere');
  t.is(registry.count, 0);
  t.is(registry.find(3), undefined);
});

test('a lookup chooses by what the device registered', async (t) => {
  const files = Object.fromEntries(
    ['4/1.0', '4/1.2', '4/1.3', '3303/1.0', '3303/1.1', '21/2.0'].map((object) => {
      const [id, version] = object.split('/');
      return [`${id}-${version}.xml`, objectXml({ id: Number(id), version })] as const;
    }),
  );
  const { registry } = registryOf(await folderWith(t, files));
  await registry.start();
  t.is(registry.count, 6);
  const versions = new Map<number, string | undefined>([[3303, '1.1']]);
  const lookup = registry.lookup(versions);
  t.is(lookup.object(3303)?.version, '1.1');
  t.is(lookup.object(4)?.version, '1.0');
  t.is(lookup.object(21)?.version, '2.0');
  t.is(lookup.object(9), undefined);
  t.is(registry.lookup(new Map()).object(3303)?.version, '1.1', 'not registered: the highest 1.x');
  t.is(registry.lookup(new Map([[3303, '1.0']])).object(3303)?.version, '1.0');
  versions.set(4, undefined);
  t.is(lookup.object(4)?.version, '1.0');
  versions.set(4, '1.3');
  t.is(lookup.object(4)?.version, '1.3');
  t.is(registry.lookup(new Map(), '1.1').object(4)?.version, '1.2');
  t.is(registry.lookup(new Map([[4, '1.0']]), '1.1').object(4)?.version, '1.0');
});

test('a reload replaces everything; a lookup handed out before sees it', async (t) => {
  const folder = await folderWith(t, { '3.xml': objectXml({ name: 'old' }), '4.xml': objectXml({ id: 4 }) });
  const { registry } = registryOf(folder);
  await registry.start();
  const lookup = registry.lookup(new Map());
  const before = lookup.object(3);
  await writeFile(join(folder, '3.xml'), objectXml({ name: 'new' }));
  await rm(join(folder, '4.xml'));
  await writeFile(join(folder, '5.xml'), '<LWM2M>');
  const [first, second] = await Promise.all([registry.reload(), registry.reload()]);
  t.is(first.files, 2);
  t.is(second.skipped[0]?.file, '5.xml');
  t.is(before?.name, 'old');
  t.is(lookup.object(3)?.name, 'new');
  t.is(lookup.object(4), undefined);
  t.is(registry.count, 1);
});

test('a folder without definitions is said', async (t) => {
  const { registry, log } = registryOf(await folderWith(t, { 'README.md': '' }));
  await registry.start();
  t.is(registry.count, 0);
  t.is(log.lines[0]?.line, 'warn there are no object definitions in this folder');
});

test('a reload that fails leaves what was there', async (t) => {
  const folder = await folderWith(t, { '3.xml': objectXml() });
  const { registry } = registryOf(folder);
  await registry.start();
  await rm(folder, { recursive: true });
  await t.throwsAsync(registry.reload(), { code: 'XML_DIR' });
  t.is(registry.count, 1);
});

test('a start that fails can be tried again, one that worked is not repeated', async (t) => {
  const folder = await folderWith(t, {});
  const later = join(folder, 'later');
  const { registry } = registryOf(later);
  await t.throwsAsync(registry.start(), { code: 'XML_DIR' });
  await mkdir(later);
  await writeFile(join(later, '3.xml'), objectXml());
  await registry.start();
  await rm(later, { recursive: true });
  await registry.start();
  t.is(registry.count, 1);
  await registry.stop();
  await registry.stop();
});

test('a watched folder is loaded again when a file changes', async (t) => {
  const folder = await folderWith(t, { '3.xml': objectXml(), 'sub/4.xml': objectXml({ id: 4 }) });
  const { registry, log, clock } = registryOf(folder, true);
  t.teardown(() => registry.stop());
  await registry.start();

  for (const [name, id, count] of [
    ['5.xml', 5, 3],
    ['sub/6.xml', 6, 4],
  ] as const) {
    await writeFile(join(folder, name), objectXml({ id }));
    await until(() => clock.waiting.includes('objects.changed'));
    t.deepEqual(clock.waiting, ['objects.changed']);
    t.is(registry.find(id), undefined);
    clock.advance(500);
    await until(() => registry.count === count);
    t.is(registry.find(id)?.id, id);
  }
  t.is(log.lines.length, 3);
  t.like(log.lines[2], { line: 'info object definitions loaded', fields: { count: 4, files: 4, skipped: 0 } });
});

test('a watched folder that vanishes is said, and what was loaded stays', async (t) => {
  const folder = await folderWith(t, { '3.xml': objectXml() });
  const { registry, log, clock } = registryOf(folder, true);
  t.teardown(() => registry.stop());
  await registry.start();
  await rm(folder, { recursive: true });
  await until(() => clock.waiting.length > 0);
  clock.advance(500);
  await until(() => log.lines.length > 1);
  t.is(log.lines[1]?.line, 'error object definitions not loaded again');
  t.is(registry.count, 1);
});

test('after a stop changes go unnoticed', async (t) => {
  const folder = await folderWith(t, { '3.xml': objectXml() });
  const { registry, clock } = registryOf(folder, true);
  await registry.start();
  await writeFile(join(folder, '4.xml'), objectXml({ id: 4 }));
  await until(() => clock.waiting.length > 0);
  await registry.stop();
  t.deepEqual(clock.waiting, []);
  t.is(registry.count, 1);
});
