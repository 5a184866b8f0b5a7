import { formatEntry } from '../config/conf-file.js';
import type { Setting } from '../config/settings.js';
import type { Command } from './arguments.js';
import { etcOption, loadConfiguration, reportProblems } from './configuration.js';
import { exitCodes } from './exit-codes.js';
import { probesOf } from './health.js';

/** `isthmus check`. */
export const checkCommand: Command = {
  name: 'check',
  summary: 'check the configuration and print what it comes to, secrets masked',
  options: [etcOption, { name: '--health', summary: 'ask the running gateway instead, on its configured addresses' }],
  async run(given, edge) {
    const loaded = loadConfiguration(given, edge);
    if (loaded.errors.length > 0) {
      reportProblems(loaded, edge);
      return exitCodes.config;
    }
    if (!given.options.has('--health')) {
      reportProblems(loaded, edge);
      for (const line of settingLines(loaded.settings)) edge.out(line);
      return exitCodes.ok;
    }
    const answers = await Promise.all(
      probesOf(loaded.config).map(async (probe) => ({ name: probe.name, answered: await probe.ask() })),
    );
    for (const { name, answered } of answers) edge.out(`${name}: ${answered ? 'answers' : 'no answer'}`);
    return answers.every(({ answered }) => answered) ? exitCodes.ok : exitCodes.unavailable;
  },
};

/** The settings as files would have them; where a value was given stands in a comment behind it. */
export function settingLines(settings: readonly Setting[]): readonly string[] {
  const files = new Set(settings.map(({ file }) => file));
  return [...files].flatMap((file) => [
    `## ${file}`,
    ...settings
      .filter((setting) => setting.file === file)
      .map(({ name, text, where }) => formatEntry(name, text) + (where === undefined ? '' : `  ## ${where}`)),
    '',
  ]);
}
