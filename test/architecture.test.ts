import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import test from 'ava';

// Who may import whom: the first path segment below src, or a single file. docs/architecture.md says why.
const allowed: Record<string, readonly string[]> = {
  core: [],
  net: ['core'],
  store: ['core'],
  broker: ['core', 'store'],
  dtls: ['core', 'store'],
  coap: ['core'],
  config: ['core'],
  mqttsn: ['core', 'broker/port.ts', 'store'],
  lwm2m: ['core', 'coap', 'broker/port.ts', 'store'],
  admin: ['core'],
  cli: ['core', 'config', 'gateway.ts', 'broker/password-file.ts', 'broker/acl-file.ts'],
  wiring: ['*'],
  'gateway.ts': ['*'],
  'main.ts': ['core', 'cli', 'config', 'gateway.ts'],
};

const src = join(import.meta.dirname, '..', '..', 'src');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));

/** The house's part a file belongs to: its folder, or its own name at the top. */
const partOf = (file: string): string => file.split('/')[0] as string;

function importsOf(file: string): string[] {
  const text = readFileSync(join(src, file), 'utf8');
  const specifiers = [...text.matchAll(/^(?:import|export)\b[^;]*?\bfrom '(\.[^']+)'|\bimport\('(\.[^']+)'\)/gm)];
  return specifiers.map((m) =>
    relative(src, join(src, dirname(file), m[1] ?? (m[2] as string))).replace(/\.js$/, '.ts'),
  );
}

function forbidden(file: string, target: string): boolean {
  const from = partOf(file);
  if (from === partOf(target)) return false;
  const rule = allowed[from] ?? [];
  return !rule.some((entry) => entry === '*' || entry === target || entry === partOf(target));
}

test('imports keep to the rule of the house', (t) => {
  t.true(files.length > 0);
  const broken = files.flatMap((file) =>
    importsOf(file)
      .filter((target) => forbidden(file, target))
      .map((target) => `${file} imports ${target}`),
  );
  t.deepEqual(broken, []);
});

test('nothing imports main.ts', (t) => {
  t.deepEqual(
    files.filter((file) => importsOf(file).includes('main.ts')),
    [],
  );
});

test('only main.ts and cli read the process', (t) => {
  const readers = files.filter((file) => {
    const text = readFileSync(join(src, file), 'utf8');
    return partOf(file) !== 'cli' && file !== 'main.ts' && /\bprocess\.(env|argv|exit|on)\b/.test(text);
  });
  t.deepEqual(readers, []);
});

test('no source file is longer than 400 lines', (t) => {
  const long = files.filter((file) => readFileSync(join(src, file), 'utf8').split('\n').length > 401);
  t.deepEqual(long, []);
});
