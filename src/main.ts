#!/usr/bin/env node
import process from 'node:process';
import { isatty } from 'node:tty';
import { setFlagsFromString } from 'node:v8';
import type { Edge } from './cli/edge.js';
import { exitCodes } from './cli/exit-codes.js';
import { runCommandLine } from './cli/run.js';
import { standardInput } from './cli/standard-input.js';

// To collect its young garbage V8 wakes several threads for a millisecond, twenty times a second under load. Waking them
// costs more than they help: on two cores a tenth of all CPU time.
setFlagsFromString('--no-parallel-scavenge');

const edge: Edge = {
  env: process.env,
  terminal: isatty(1),
  input: standardInput,
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  onSignal: (signal, run) => void process.on(signal, run),
  onCrash: (run) => void process.on('uncaughtException', run),
  exit: (code) => process.exit(code),
};

/** Ends the process as soon as what was printed is written. */
const end = (code: number): void => void process.stdout.write('', () => process.exit(code));

runCommandLine(process.argv.slice(2), edge).then(end, (error: unknown) => {
  edge.err(`isthmus: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  end(exitCodes.internal);
});
