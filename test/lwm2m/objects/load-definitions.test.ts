import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { IsthmusError } from '#src/core/errors.js';
import { loadDefinitions } from '#src/lwm2m/objects/load-definitions.js';
import { folderWith, MemoryLog, objectXml } from './definition-files.js';

test('loads a folder and its sub-folders, each version beside the others', async (t) => {
  const folder = await folderWith(t, {
    '3.xml': objectXml({ version: '1.2' }),
    'version_history/3-1_0.xml': objectXml({ version: '1.0' }),
    'mine/deeper/X.XML': objectXml({ id: 40000, name: 'Mine' }),
    'README.md': 'not a definition',
    '.hidden.xml': 'not looked at',
    '.git/4.xml': 'not looked at',
  });
  const log = new MemoryLog();
  const { catalog, files, skipped, folders } = await loadDefinitions(folder, log);
  t.is(files, 3);
  t.is(catalog.count, 3);
  t.is(catalog.find(3, '1.0')?.version, '1.0');
  t.is(catalog.find(3, '1.2')?.version, '1.2');
  t.is(catalog.find(40000)?.name, 'Mine');
  t.deepEqual(skipped, []);
  t.deepEqual([...folders].sort(), [folder, join(folder, 'mine/deeper'), join(folder, 'version_history')].sort());
  t.deepEqual(log.lines, []);
});

test('a file that cannot be used is named with its reason and left out', async (t) => {
  const folder = await folderWith(t, {
    '1.xml': objectXml({ id: 1 }),
    'bad.xml': '<LWM2M>',
    'empty.xml': '',
    'huge.xml': ' '.repeat(2 ** 20 + 1),
  });
  await mkdir(join(folder, 'folder.xml'));
  await symlink(join(folder, 'nowhere'), join(folder, 'gone.xml'));
  const log = new MemoryLog();
  const { catalog, files, skipped } = await loadDefinitions(folder, log);
  t.is(files, 6);
  t.is(catalog.count, 1);
  t.deepEqual(
    skipped.map(({ file, reason }) => `${file}: ${reason.replace(/: ENOENT.*/, ': ENOENT')}`),
    [
      'bad.xml: not well-formed XML: Unclosed root tag (line 1)',
      'empty.xml: no XML in it',
      'folder.xml: not a file',
      'gone.xml: cannot be read: ENOENT',
      'huge.xml: longer than 1048576 bytes',
    ],
  );
  t.deepEqual(
    log.lines,
    skipped.map((fields) => ({ line: 'warn object definition file skipped', fields })),
  );
});

test('of two files with one version the upper counts, then the one whose name sorts last', async (t) => {
  const named = (name: string): string => objectXml({ name });
  const folder = await folderWith(t, {
    'a.xml': named('a'),
    'b.xml': named('b'),
    'sub/z.xml': named('z'),
  });
  const log = new MemoryLog();
  const { catalog } = await loadDefinitions(folder, log);
  t.is(catalog.find(3)?.name, 'b');
  const line = 'debug object definition taken from a later file';
  t.deepEqual(log.lines, [
    { line, fields: { object: '3/1.0', file: 'a.xml', instead: join('sub', 'z.xml') } },
    { line, fields: { object: '3/1.0', file: 'b.xml', instead: 'a.xml' } },
  ]);
});

test('a folder that cannot be read is an error with a code', async (t) => {
  const folder = await folderWith(t, {});
  const error = await t.throwsAsync(loadDefinitions(join(folder, 'nowhere'), new MemoryLog()), {
    instanceOf: IsthmusError,
  });
  t.is(error?.code, 'XML_DIR');
  t.regex(error?.message ?? '', /^object definitions cannot be read: ENOENT/);
});
