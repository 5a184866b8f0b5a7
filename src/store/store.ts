import type { IsthmusError } from '../core/errors.js';

/** Called when a write has ended; with an error when it has failed and will be tried again. */
export type Committed = (error?: IsthmusError) => void;

/** The entries of one owner. Keys are of any text, and come in the order of their UTF-8 bytes. */
export interface Table {
  /** Sets a value. The buffer must not be changed afterwards. */
  put(key: string, value: Buffer): void;
  delete(key: string): void;
  /** The value as it was last put, committed or not. */
  get(key: string): Promise<Buffer | undefined>;
  /** All entries whose keys begin with the prefix, as committed when this is called. */
  entries(prefix?: string): AsyncIterable<readonly [key: string, value: Buffer]>;
  /** Hands over all entries, as committed when this is called, with values that are UTF-8: the quick way for very many. */
  texts(take: (key: string, value: string) => void): Promise<void>;
}

/**
 * What survives the process. Writes return at once and are gathered: one batch is written at a time, and the next one
 * collects meanwhile. A batch is kept whole or not at all.
 */
export interface Store {
  /** The table of an owner, `broker.retained`; letters, digits, dots and dashes. */
  table(owner: string): Table;
  /** Calls back when everything put or deleted so far would survive a kill of the process. */
  committed(callback: Committed): void;
  /** Writes what is left, and closes. May be called again. */
  close(): Promise<void>;
}
