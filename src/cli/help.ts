import type { Command, Option } from './arguments.js';

/** The help of one command. */
export function commandHelp(command: Command): string {
  const words = [...command.options.map((option) => `[${optionForm(option)}]`), ...(command.operands ?? [])];
  const usage = ['Usage: isthmus', command.name, ...words].join(' ');
  const options = command.options.map((option) => [optionForm(option), option.summary] as const);
  return [usage, '', `  ${command.summary}`, ...(options.length > 0 ? ['', ...columns(options)] : [])].join('\n');
}

/** The help of them all. */
export function generalHelp(commands: readonly Command[]): string {
  return [
    'Usage: isthmus COMMAND [OPTION]...',
    '',
    'A gateway that joins MQTT-SN and LwM2M devices to MQTT.',
    '',
    ...columns(commands.map(({ name, summary }) => [name, summary] as const)),
  ].join('\n');
}

const optionForm = ({ name, value }: Option): string => (value === undefined ? name : `${name} ${value}`);

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
