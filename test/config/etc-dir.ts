import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { type Features, features } from '#src/config/features.js';
import { type Loaded, load } from '#src/config/load.js';
import { problemLine } from '#src/config/problem.js';

/** A folder `etc` with these files, in a folder of its own that goes when the test ends. */
export function etcDir(t: ExecutionContext, files: Readonly<Record<string, string>>): string {
  const base = mkdtempSync(join(tmpdir(), 'isthmus-'));
  t.teardown(() => rmSync(base, { recursive: true }));
  const etc = join(base, 'etc');
  mkdirSync(etc);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(etc, name), text);
  return etc;
}

/** Every feature built, or none. */
export const everyFeature = (built: boolean): Features =>
  Object.fromEntries(Object.keys(features).map((name) => [name, built])) as Features;

/** Problems as lines, with `etc` for the folder. */
export function lines({ warnings, errors }: Loaded, etc: string): { warnings: string[]; errors: string[] } {
  const line = (problem: Loaded['errors'][number]): string => problemLine(problem).replaceAll(etc, 'etc');
  return { warnings: warnings.map(line), errors: errors.map(line) };
}

/** Loads a folder with these files. */
export function loadFiles(
  t: ExecutionContext,
  files: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
  built: Features = features,
): Loaded & { lines: { warnings: string[]; errors: string[] }; etc: string } {
  const etc = etcDir(t, files);
  const loaded = load(etc, env, built);
  return { ...loaded, lines: lines(loaded, etc), etc };
}
