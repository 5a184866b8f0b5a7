import { readFileSync } from 'node:fs';

/** How many files and sockets this process may have open; undefined where the system does not tell. */
export function openFilesLimit(): number | undefined {
  try {
    return openFilesOf(readFileSync('/proc/self/limits', 'latin1'));
  } catch {
    return undefined;
  }
}

/** The soft limit in the text of Linux' /proc/PID/limits. */
export function openFilesOf(limits: string): number | undefined {
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? undefined : Number(soft);
}

/**
 * How many of these files may be connections. The rest is for the store, listeners and the log: a store that cannot open
 * a file takes no more messages.
 */
export function connectionsWithin(openFiles: number): number {
  return Math.max(1, openFiles - Math.min(1000, Math.max(64, Math.floor(openFiles / 10))));
}
