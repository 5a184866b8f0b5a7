import type { Committed } from './store.js';

/** A store, or what passes its word on. */
interface Committing {
  committed(callback: Committed): void;
}

/**
 * Calls back when everything written so far would survive a crash. The store tries a write that failed again; until it
 * succeeds nobody is told.
 */
export function whenSafe(store: Committing, callback: () => void): void {
  const committed: Committed = (error) => {
    if (error === undefined) callback();
    else store.committed(committed);
  };
  store.committed(committed);
}

/** Resolves when everything written so far would survive a crash; rejects when a write has failed, which is tried again. */
export const safe = (store: Committing): Promise<void> =>
  new Promise((resolve, reject) => store.committed((error) => (error === undefined ? resolve() : reject(error))));
