import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { isPattern, keysOf, sampleName } from '#src/config/key.js';
import { confFiles } from '#src/config/known-keys.js';
import { load } from '#src/config/load.js';
import { etcDir, everyFeature, loadFiles } from './etc-dir.js';

const root = join(import.meta.dirname, '..', '..', '..');
const etc = join(root, 'etc');
const read = (...path: string[]): string => readFileSync(join(root, ...path), 'utf8');
const allBuilt = everyFeature(true);

test('the files in etc/ load without a warning and are the defaults', (t) => {
  const shipped = load(etc, {});
  t.deepEqual([shipped.warnings, shipped.errors], [[], []]);
  const { config } = load(etcDir(t, {}), {});
  t.deepEqual({ ...shipped.config, store: config.store }, config);
  t.is(shipped.config.store.dir, join(root, 'data'));
});

test('every key is in etc/ and in docs/configuration.md', (t) => {
  const docs = read('docs', 'configuration.md');
  for (const file of confFiles) {
    const text = read('etc', file.name);
    for (const key of keysOf(file)) {
      t.true(docs.includes(`\`${key.name}\``), `${key.name} in docs`);
      if (key.retired === undefined) {
        t.regex(text, new RegExp(`^(# )?${sampleName(key.name).replaceAll('.', '\\.')} = `, 'm'), key.name);
      }
    }
  }
});

test('every line that is not in force can be put in force', (t) => {
  const files = Object.fromEntries(
    confFiles.map(({ name }) => [name, read('etc', name).replace(/^# (?=\S+ = )/gm, '')]),
  );
  const { lines, settings } = loadFiles(t, files, {}, allBuilt);
  const wrongTogether = /cannot be given together|cannot be read|is another name/;
  t.deepEqual(
    lines.errors.filter((line) => !wrongTogether.test(line)),
    [],
  );
  t.deepEqual(
    lines.warnings.filter((line) => !/xml_dir|another name/.test(line)),
    [],
  );
  const defaults = settings.filter(({ where, name }) => where === undefined && !isPattern(name));
  t.deepEqual(defaults, []);
});

test('etc/ and the tables in docs/configuration.md are what the tables of keys make of them', (t) => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts', 'config-docs.mjs'), '--check'], {
    encoding: 'utf8',
  });
  t.is(stderr, '');
  t.is(status, 0);
});
