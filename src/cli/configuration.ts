import { isFolder } from '../config/folder.js';
import { type Loaded, load } from '../config/load.js';
import { problemLine } from '../config/problem.js';
import { accessProblems } from './access-files.js';
import type { Arguments, Option } from './arguments.js';
import type { Edge } from './edge.js';

/** `--etc DIR`, which every command has that reads the configuration. */
export const etcOption: Option = {
  name: '--etc',
  value: 'DIR',
  summary: 'folder of isthmus.conf, emqx_sn.conf and emqx_lwm2m.conf (default: etc)',
};

/** Loads what `--etc` names, and looks into the files of users and rights that it names. A folder that was named and is not there is an error: its defaults are not what was meant. */
export function loadConfiguration(given: Arguments, edge: Edge): Loaded {
  const named = given.options.get(etcOption.name);
  const loaded = load(named ?? 'etc', edge.env);
  if (named === undefined || isFolder(named)) {
    return { ...loaded, errors: [...loaded.errors, ...accessProblems(loaded.config.broker)] };
  }
  return { ...loaded, warnings: [], errors: [{ where: named, message: 'there is no such folder' }] };
}

/** Writes warnings and errors, a line each, to standard error. */
export function reportProblems({ warnings, errors }: Loaded, edge: Edge): void {
  for (const problem of warnings) edge.err(`warning: ${problemLine(problem)}`);
  for (const problem of errors) edge.err(`error: ${problemLine(problem)}`);
}
