import type { Config } from './config.js';
import { type Features, features } from './features.js';
import { isFolder } from './folder.js';
import { deepFreeze } from './freeze.js';
import { type Environment, type Given, readGiven } from './given.js';
import { isthmusConfig } from './isthmus-config.js';
import { asksForNothing } from './key.js';
import { lwm2mConfig } from './lwm2m-config.js';
import { type Problem, Problems } from './problem.js';
import { checkRules } from './rules.js';
import { type Setting, settingsOf } from './settings.js';
import { snConfig } from './sn-config.js';
import { invalid } from './value-type.js';
import { Values } from './values.js';

/** What loading a configuration comes to. With errors, `config` has defaults in their places and must not be used to start. */
export interface Loaded {
  readonly config: Config;
  readonly warnings: readonly Problem[];
  readonly errors: readonly Problem[];
  /** Every key and the text of its value, secrets masked. */
  readonly settings: readonly Setting[];
}

/** Reads the files in `etcDir` and the environment, checks everything and finds every error at once. Never throws. */
export function load(etcDir: string, env: Environment, built: Features = features): Loaded {
  const problems = new Problems();
  if (!isFolder(etcDir)) problems.warn('there is no such folder, so every key has its default', etcDir);
  const given = readGiven(etcDir, env, problems);
  for (const [name, entry] of given) {
    if (!check(entry, built, problems)) given.delete(name);
  }
  const values = new Values(given, etcDir);
  const config: Config = {
    ...isthmusConfig(values),
    sn: snConfig(values, built, problems),
    lwm2m: lwm2mConfig(values, built, problems),
  };
  checkRules(values, config, built, problems);
  return {
    config: deepFreeze(config),
    warnings: problems.warnings,
    errors: problems.errors,
    settings: settingsOf(given),
  };
}

/** Whether the value is one; warns of keys that do nothing. */
function check({ key, name, text, where }: Given, built: Features, problems: Problems): boolean {
  if (key.type.parse(text) === invalid) {
    const shown = key.mask === undefined ? text : key.mask(text);
    const hint = / #/.test(text) && key.mask === undefined ? ' (a comment after a value begins with ##)' : '';
    problems.error(`${name} = ${shown}: allowed is ${key.type.allowed}${hint}`, where);
    return false;
  }
  if (key.retired !== undefined) problems.warn(`${name} has no effect: ${key.retired}`, where);
  if (key.feature !== undefined && !built[key.feature] && !asksForNothing(key, text)) {
    problems.warn(`${name}: not supported yet`, where);
  }
  return true;
}
