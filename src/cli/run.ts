import { nearest } from '../config/nearest.js';
import { packageVersion } from '../core/version.js';
import { type Command, parseArguments } from './arguments.js';
import { checkCommand } from './check.js';
import type { Edge } from './edge.js';
import { exitCodes } from './exit-codes.js';
import { commandHelp, generalHelp } from './help.js';
import { passwdCommand } from './passwd.js';
import { startCommand } from './start.js';

const help: Command = {
  name: 'help',
  summary: 'show this, or the help of a command',
  options: [],
  operands: ['[COMMAND]'],
  async run({ operands: [operand] }, edge) {
    const command = commands.find(({ name }) => name === operand);
    if (operand !== undefined && command === undefined) {
      const names = commands.map(({ name }) => name);
      const suggestion = nearest(operand, names);
      edge.err(`isthmus: unknown command ${operand}${suggestion === undefined ? '' : `; did you mean ${suggestion}?`}`);
      return exitCodes.usage;
    }
    edge.out(command === undefined ? generalHelp(commands) : commandHelp(command));
    return exitCodes.ok;
  },
};

const version: Command = {
  name: '--version',
  summary: 'print the version',
  options: [],
  async run(_given, edge) {
    edge.out(packageVersion());
    return exitCodes.ok;
  },
};

/** Every command; the first is the one that runs when none is named. */
export const commands: readonly Command[] = [
  help,
  startCommand,
  checkCommand,
  passwdCommand,
  { ...help, name: '--help' },
  version,
];

/** Runs a command line (without node and script); resolves with the exit code. */
export async function runCommandLine(words: readonly string[], edge: Edge): Promise<number> {
  const argv = words.map((word) => (word === '-h' ? '--help' : word));
  const [name = '', ...rest] = argv;
  const asked = commands.find((command) => command.name === name);
  if (asked !== undefined && rest.includes('--help')) {
    edge.out(commandHelp(asked));
    return exitCodes.ok;
  }
  const invocation = parseArguments(argv, commands);
  if (invocation.kind === 'usage') {
    edge.err(`isthmus: ${invocation.message}`);
    edge.err('Try "isthmus help".');
    return exitCodes.usage;
  }
  return await invocation.command.run(invocation.given, edge);
}
