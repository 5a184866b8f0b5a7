/** A timer that has been started. */
export interface Timer {
  /** Stops it; nothing happens if it has run. */
  cancel(): void;
}

/** Time as a dependency, so that tests can turn it forward. */
export interface Clock {
  /** Milliseconds since 1970; never goes backward while the process lives, so it serves for durations too. */
  now(): number;
  /** Calls `run` once, `delayMs` from now (at once if it is not positive). The name shows in tests and traces. */
  after(name: string, delayMs: number, run: () => void): Timer;
}

const origin = Date.now() - performance.now();
const longestTimeout = 2 ** 31 - 1;

/** The machine's clock. Steps of the system time after the start are not followed: timers must not jump. */
export const systemClock: Clock = {
  now: () => origin + performance.now(),
  after(_name, delayMs, run) {
    let handle: NodeJS.Timeout;
    const arm = (left: number): void => {
      // setTimeout runs at once when asked for more than 24.8 days, so longer waits go in steps.
      const step = Math.min(left, longestTimeout);
      handle = setTimeout(() => (left > step ? arm(left - step) : run()), Math.max(0, step));
    };
    arm(delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
};
