import { pino } from 'pino';
import { PinoPretty } from 'pino-pretty';
import type { LogConfig } from '../config/config.js';
import type { Log } from '../core/log.js';

/** The log of a process: every line is written before the call returns, so that none is lost at the end. */
export interface ProcessLog extends Log {
  /** For the last line before the process ends by a fault of ours. */
  fatal(fields: object, message: string): void;
}

const secretFields = ['password', 'psk', 'key', 'privateKey', 'authorization'];
const deepest = 4;

/** Paths of the secret fields at the top of a line and down to `deepest` objects below it. */
const secretPaths = secretFields.flatMap((field) =>
  Array.from({ length: deepest }, (_, depth) => `${'*.'.repeat(depth)}${field}`),
);

/** A log on standard output (or on another file descriptor or file), as JSON lines or for people. */
export function createLog(config: LogConfig, terminal: boolean, destination: number | string = 1): ProcessLog {
  const pretty = config.format === 'pretty' || (config.format === 'auto' && terminal);
  const options = {
    level: config.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level: string) => ({ level }) },
    redact: { paths: secretPaths, censor: '***' },
  };
  // Both are streams of this thread: a worker would take its last lines with it.
  const stream = pretty
    ? PinoPretty({ destination, sync: true, colorize: terminal, translateTime: 'SYS:HH:MM:ss.l' })
    : pino.destination({ dest: destination, sync: true });
  return pino(options, stream);
}
