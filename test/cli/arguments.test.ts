import test from 'ava';
import fc from 'fast-check';
import { type Command, type Invocation, parseArguments } from '#src/cli/arguments.js';

const command = (name: string, more: Partial<Command> = {}): Command => ({
  name,
  summary: 'Does it.',
  options: [],
  run: async () => 0,
  ...more,
});

const commands = [
  command('help', { operands: ['[COMMAND]'] }),
  command('start', {
    options: [
      { name: '--etc', value: 'DIR', summary: 'folder' },
      { name: '--fast', summary: 'fast' },
    ],
  }),
  command('copy', { operands: ['FROM', 'TO'], options: [{ name: '--fast', summary: 'fast' }] }),
  command('--version'),
];

/** The command line as one text: what would run, or what is wrong. */
function told(invocation: Invocation): string {
  if (invocation.kind === 'usage') return invocation.message;
  const { options, operands } = invocation.given;
  return [invocation.command.name, ...[...options].map((pair) => pair.join('=')), ...operands].join(' ');
}

const lines: readonly (readonly [argv: string, told: string])[] = [
  ['', 'help'],
  ['help start', 'help start'],
  ['start', 'start'],
  ['start --etc /x', 'start --etc=/x'],
  ['start --etc=/x=y --fast', 'start --etc=/x=y --fast='],
  ['--version', '--version'],
  ['strat', 'unknown command strat; did you mean start?'],
  ['frobnicate', 'unknown command frobnicate'],
  ['--verison', 'unknown option --verison; did you mean --version?'],
  ['start --ect x', 'start: unknown option --ect; did you mean --etc?'],
  ['start --etc', 'start: --etc needs DIR'],
  ['start --etc=', 'start: --etc needs DIR'],
  ['start --fast=1', 'start: --fast takes no value'],
  ['start x', 'start: unexpected x'],
  ['help a b', 'help: takes [COMMAND] and nothing more'],
  ['copy a --fast b', 'copy --fast= a b'],
  ['copy --fast -- -a --', 'copy --fast= -a --'],
  ['copy', 'copy: needs FROM'],
  ['copy a', 'copy: needs TO'],
  ['copy a b c', 'copy: takes FROM TO and nothing more'],
];

for (const [argv, expected] of lines) {
  test(`isthmus ${argv}`, (t) => {
    t.is(told(parseArguments(argv === '' ? [] : argv.split(' '), commands)), expected);
  });
}

test('no command line throws', (t) => {
  const word = fc.oneof(fc.string(), fc.constantFrom('start', 'help', '--etc', '--etc=', '--fast', '-', '--'));
  fc.assert(
    fc.property(fc.array(word), (argv) => {
      parseArguments(argv, commands);
    }),
  );
  t.pass();
});
