import { readFileSync } from 'node:fs';

// Linux counts in these; sysconf(_SC_CLK_TCK) is 100 wherever Node runs.
const msPerTick = 10;

/** CPU time these processes have used so far, in ms; undefined where /proc does not tell. */
export function cpuMs(pids: readonly number[]): number | undefined {
  return sum(pids, (pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // Fields 14 and 15; the second field may hold spaces, but it ends at the last parenthesis.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * msPerTick;
  });
}

/** Resident memory of these processes, in KiB; undefined where /proc does not tell. */
export function residentKiB(pids: readonly number[]): number | undefined {
  return sum(pids, (pid) => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]));
}

function sum(pids: readonly number[], of: (pid: number) => number): number | undefined {
  if (pids.length === 0) return undefined;
  try {
    const total = pids.reduce((before, pid) => before + of(pid), 0);
    return Number.isFinite(total) ? total : undefined;
  } catch {
    return undefined;
  }
}
