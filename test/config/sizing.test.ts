import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { keysOf } from '#src/config/key.js';
import { confFiles } from '#src/config/known-keys.js';

const text = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'sizing.md'), 'utf8');

test('the limits in docs/sizing.md have the defaults of their keys', (t) => {
  const defaults = new Map(confFiles.flatMap(keysOf).map(({ name, fallback }) => [name, fallback]));
  const rows = [...text.matchAll(/^\| `([^`]+)` +\| `([^`]*)` +\|/gm)].map(([, name = '', value = '']) => ({
    name,
    value,
  }));
  t.true(rows.length > 15);
  for (const { name, value } of rows) t.is(defaults.get(name), value, name);
});
