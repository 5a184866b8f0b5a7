import { pino } from 'pino';
import { PinoPretty } from 'pino-pretty';
import type { LogConfig } from '../config/config.js';
import type { Log } from '../core/log.js';

/** The log of a process. */
export interface ProcessLog {
  readonly log: Log;
  /** The last line before the process ends by a fault of ours; written at once. */
  fatal(fields: object, message: string): void;
  /** Writes what has not been written yet. */
  flush(): void;
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
  if (pretty) {
    // A stream of this thread: what was logged before a crash is on the terminal.
    const stream = PinoPretty({ destination, sync: true, colorize: terminal, translateTime: 'SYS:HH:MM:ss.l' });
    const log = pino(options, stream);
    return { log, fatal: (fields, message) => log.fatal(fields, message), flush: () => {} };
  }
  const stream = pino.destination({ dest: destination, sync: false });
  const log = pino(options, stream);
  return {
    log,
    fatal(fields, message) {
      log.fatal(fields, message);
      stream.flushSync();
    },
    flush: () => stream.flushSync(),
  };
}
