import type { Clock } from '../core/clock.js';

/** How often to look again whether there is room, and how long at most, ms. */
const lookEveryMs = 500;
const longestMs = 60_000;

/**
 * Holds a client's publication back while a receiver can take no more: MQTT 3.1.1 has no answer that says "later", so
 * the acknowledgement waits, and with it the client. `then` gets an error when there is still no room after a minute.
 */
export function waitForRoom(clock: Clock, isFull: () => boolean, then: (error?: Error) => void): void {
  if (!isFull()) {
    then();
    return;
  }
  const until = clock.now() + longestMs;
  const look = (): void => {
    if (!isFull()) then();
    else if (clock.now() >= until) then(new Error('a receiver can take no more'));
    else clock.after('broker room', lookEveryMs, look);
  };
  clock.after('broker room', lookEveryMs, look);
}
