import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { attempt, DecodeError, IsthmusError } from '../../core/errors.js';
import type { Log } from '../../core/log.js';
import type { ObjectDefinition } from '../values.js';
import { ObjectCatalog } from './object-catalog.js';
import { maxDefinitionLength, parseDefinition } from './parse-definition.js';
import { internStrings } from './string-pool.js';

/** Files read at once, so that the parser need not wait for the disk. */
const readAhead = 16;

/** A file that could not be used. */
export interface SkippedFile {
  /** Relative to the folder that was loaded. */
  readonly file: string;
  readonly reason: string;
}

/** What a folder of object definitions holds. */
export interface LoadedDefinitions {
  readonly catalog: ObjectCatalog;
  /** Number of `.xml` files, usable or not. */
  readonly files: number;
  readonly skipped: readonly SkippedFile[];
  /** The folder and those of its sub-folders that hold `.xml` files. */
  readonly folders: readonly string[];
}

/**
 * Loads every `.xml` file of a folder and its sub-folders; names that begin with a dot are passed over. A file that
 * cannot be used is logged with its reason and left out. When two files define the same version of an object, the one
 * nearer the top of the folder counts, and in one folder the one whose name sorts last: so an archive of older versions
 * in a sub-folder never hides a newer file. Rejects with code `XML_DIR` when the folder cannot be read.
 */
export async function loadDefinitions(directory: string, log: Log): Promise<LoadedDefinitions> {
  const files = await findFiles(directory);
  const intern = internStrings();
  const skipped: SkippedFile[] = [];
  const found = new Map<string, { readonly file: string; readonly definition: ObjectDefinition }>();
  for (let start = 0; start < files.length; start += readAhead) {
    const batch = files.slice(start, start + readAhead);
    const texts = await Promise.all(batch.map((file) => readDefinitionFile(join(directory, file))));
    for (const [index, file] of batch.entries()) {
      const text = texts[index] as string | DecodeError;
      const definitions = text instanceof DecodeError ? text : attempt(() => parseDefinition(text, intern));
      if (definitions instanceof DecodeError) {
        skipped.push({ file, reason: definitions.message });
        log.warn({ file, reason: definitions.message }, 'object definition file skipped');
        continue;
      }
      for (const definition of definitions) {
        const object = `${definition.id}/${definition.version}`;
        const earlier = found.get(object);
        if (earlier) log.debug({ object, file, instead: earlier.file }, 'object definition taken from a later file');
        found.set(object, { file, definition });
      }
      // A gateway that loads again goes on serving its devices between two files.
      await setImmediate();
    }
  }
  const catalog = new ObjectCatalog([...found.values()].map(({ definition }) => definition));
  const folders = new Set([directory, ...files.map((file) => dirname(join(directory, file)))]);
  return { catalog, files: files.length, skipped, folders: [...folders] };
}

/** The folder's files, deepest first, then by name: the order in which later ones count. */
async function findFiles(directory: string): Promise<string[]> {
  let names: string[];
  try {
    names = await readdir(directory, { recursive: true });
  } catch (error) {
    throw new IsthmusError('XML_DIR', `object definitions cannot be read: ${messageOf(error)}`, { cause: error });
  }
  const depth = (name: string): number => name.split(/[\\/]/).length;
  return names
    .filter((name) => /\.xml$/i.test(name) && !/(?:^|[\\/])\./.test(name))
    .sort((a, b) => depth(b) - depth(a) || (a < b ? -1 : 1));
}

async function readDefinitionFile(path: string): Promise<string | DecodeError> {
  try {
    const status = await stat(path);
    if (!status.isFile()) return new DecodeError('not a file');
    if (status.size > maxDefinitionLength) return new DecodeError(`longer than ${maxDefinitionLength} bytes`);
    return await readFile(path, 'utf8');
  } catch (error) {
    return new DecodeError(`cannot be read: ${messageOf(error)}`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
