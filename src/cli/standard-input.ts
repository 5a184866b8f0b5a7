import process from 'node:process';
import { isatty } from 'node:tty';
import type { Input } from './edge.js';
import { SecretLine } from './secret-line.js';

/** The process's own standard input; what is asked on a terminal goes to standard error. */
export const standardInput: Input = {
  terminal: isatty(0),

  ask(question) {
    const { stdin, stderr } = process;
    const line = new SecretLine();
    stderr.write(question);
    return new Promise((resolve) => {
      const finish = (typed: Buffer | undefined): void => {
        stdin.removeAllListeners('data').removeAllListeners('end');
        stdin.setRawMode(false);
        stdin.pause();
        stderr.write('\n');
        resolve(typed);
      };
      stdin.setRawMode(true);
      stdin.on('data', (keys: Buffer) => {
        const typed = line.type(keys);
        if (typed.kind === 'more') return;
        finish(typed.kind === 'line' ? typed.line : undefined);
        if (typed.kind === 'line' && typed.rest.length > 0) stdin.unshift(typed.rest);
      });
      stdin.on('end', () => finish(undefined));
      stdin.resume();
    });
  },

  async read(maxBytes) {
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > maxBytes) throw new RangeError(`more than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  },
};
