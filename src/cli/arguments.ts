import { nearest } from '../config/nearest.js';
import type { Edge } from './edge.js';

/** An option of a command: a switch, or with `value` one that takes an argument. */
export interface Option {
  /** With its dashes. */
  readonly name: string;
  /** How the argument is called in the help. */
  readonly value?: string;
  readonly summary: string;
}

/** A command of `isthmus`. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly Option[];
  /** How its operands are called in the help; those in square brackets may be left out. */
  readonly operands?: readonly string[];
  /** Resolves with the exit code. */
  run(given: Arguments, edge: Edge): Promise<number>;
}

/** What was given to a command. */
export interface Arguments {
  /** The argument of an option, or '' for a switch that was given. */
  readonly options: ReadonlyMap<string, string>;
  readonly operands: readonly string[];
}

/** A command line that was understood, or what is wrong with it. */
export type Invocation =
  | { readonly kind: 'run'; readonly command: Command; readonly given: Arguments }
  | { readonly kind: 'usage'; readonly message: string };

/** Reads `[COMMAND] [--option [VALUE]]... [--] [OPERAND]...`; without a command, the first of the table. */
export function parseArguments(argv: readonly string[], commands: readonly Command[]): Invocation {
  const [first, ...rest] = argv;
  if (first === undefined) {
    const [command] = commands;
    return command === undefined ? usage('no command') : run(command, new Map(), []);
  }
  const command = commands.find(({ name }) => name === first);
  if (command === undefined) {
    const what = first.startsWith('-') ? 'option' : 'command';
    return usage(
      unknown(
        what,
        first,
        commands.map(({ name }) => name),
      ),
    );
  }
  return parseRest(command, rest);
}

function parseRest(command: Command, rest: readonly string[]): Invocation {
  const options = new Map<string, string>();
  const operands: string[] = [];
  const { operands: names = [] } = command;
  let onlyOperands = false;
  for (let i = 0; i < rest.length; i++) {
    const argument = rest[i] as string;
    if (onlyOperands || !argument.startsWith('-')) {
      if (operands.length === names.length) return usage(`${command.name}: ${tooMany(names, argument)}`);
      operands.push(argument);
      continue;
    }
    if (argument === '--') {
      onlyOperands = true;
      continue;
    }
    const [name, joined] = splitOnce(argument);
    const option = command.options.find((candidate) => candidate.name === name);
    if (option === undefined) {
      const known = command.options.map((candidate) => candidate.name);
      return usage(`${command.name}: ${unknown('option', name, known)}`);
    }
    if (option.value === undefined) {
      if (joined !== undefined) return usage(`${command.name}: ${name} takes no value`);
      options.set(name, '');
      continue;
    }
    const value = joined ?? rest[++i];
    if (value === undefined || value === '') return usage(`${command.name}: ${name} needs ${option.value}`);
    options.set(name, value);
  }
  const missing = names[operands.length];
  if (missing !== undefined && !missing.startsWith('[')) return usage(`${command.name}: needs ${missing}`);
  return run(command, options, operands);
}

function splitOnce(argument: string): [string, string | undefined] {
  const at = argument.indexOf('=');
  return at < 0 ? [argument, undefined] : [argument.slice(0, at), argument.slice(at + 1)];
}

const run = (command: Command, options: ReadonlyMap<string, string>, operands: readonly string[]): Invocation => ({
  kind: 'run',
  command,
  given: { options, operands },
});

const usage = (message: string): Invocation => ({ kind: 'usage', message });

/** What is too much is not repeated where it may be a password that somebody put behind a user name. */
const tooMany = (names: readonly string[], argument: string): string =>
  names.length === 0 ? `unexpected ${argument}` : `takes ${names.join(' ')} and nothing more`;

function unknown(what: string, name: string, names: readonly string[]): string {
  const suggestion = nearest(name, names);
  return suggestion === undefined ? `unknown ${what} ${name}` : `unknown ${what} ${name}; did you mean ${suggestion}?`;
}
