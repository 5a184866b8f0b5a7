import { deletePassword, setPassword } from '../broker/password-file.js';
import { IsthmusError } from '../core/errors.js';
import type { Command } from './arguments.js';
import type { Edge, Input } from './edge.js';
import { exitCodes } from './exit-codes.js';

/** As long as MQTT can carry [MQTT-3.1.3.5]. */
const maxPasswordBytes = 65_535;

/** `isthmus passwd`. */
export const passwdCommand: Command = {
  name: 'passwd',
  summary: 'set the password of a user of the broker, asked for or read from standard input',
  options: [{ name: '--delete', summary: 'take the user out of the file instead' }],
  operands: ['FILE', 'USER'],
  async run({ options, operands: [file = '', user = ''] }, edge) {
    try {
      if (options.has('--delete')) await remove(file, user);
      else await setPassword(file, user, await passwordFrom(edge.input));
      return exitCodes.ok;
    } catch (error) {
      return complain(error, edge);
    }
  },
};

async function remove(file: string, user: string): Promise<void> {
  if (!(await deletePassword(file, user))) throw new IsthmusError('USAGE', `${file} has no user ${user}`);
}

async function passwordFrom(input: Input): Promise<Buffer> {
  const password = input.terminal ? await askTwice(input) : withoutLineEnd(await readWhole(input));
  if (password.length === 0) throw new IsthmusError('USAGE', 'the password is empty');
  if (password.length > maxPasswordBytes) throw tooLong();
  return password;
}

async function askTwice(input: Input): Promise<Buffer> {
  const password = await input.ask('Password: ');
  const again = password === undefined ? undefined : await input.ask('The same again: ');
  if (password === undefined || again === undefined) throw new IsthmusError('USAGE', 'broken off');
  if (!password.equals(again)) throw new IsthmusError('USAGE', 'these are two different passwords');
  return password;
}

async function readWhole(input: Input): Promise<Buffer> {
  try {
    return await input.read(maxPasswordBytes + 2);
  } catch (error) {
    throw error instanceof RangeError ? tooLong() : error;
  }
}

/** What `echo` puts at the end is not of the password. */
function withoutLineEnd(text: Buffer): Buffer {
  let { length } = text;
  if (text[length - 1] === 10) length--;
  if (length < text.length && text[length - 1] === 13) length--;
  return text.subarray(0, length);
}

const tooLong = (): IsthmusError =>
  new IsthmusError('USAGE', `the password is longer than ${maxPasswordBytes} bytes, which is all that MQTT can carry`);

function complain(error: unknown, edge: Edge): number {
  const { code, errno, message } = error as NodeJS.ErrnoException;
  if (!(error instanceof IsthmusError) && errno === undefined) throw error;
  edge.err(`isthmus: ${message}`);
  if (code === 'USAGE') return exitCodes.usage;
  // What is left is said by the system: a file that cannot be written.
  return code === 'CONFIG' ? exitCodes.config : exitCodes.unavailable;
}
