import type { Store, Table } from './store.js';

const table: Table = {
  put() {},
  delete() {},
  get: async () => undefined,
  async *entries() {},
  async texts() {},
};

/** A store that keeps nothing: for whoever wants no data folder and has what it needs in memory. */
export const noStore: Store = {
  table: () => table,
  committed: (callback) => callback(),
  async close() {},
};
