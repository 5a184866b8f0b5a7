import type { Lane } from '../lane.js';
import type { Job } from '../protocol.js';
import type { Tally } from '../tally.js';

/** A load that stands ready: the connections are open, nothing is under way yet. */
export interface Load {
  readonly lanes: readonly Lane[];
  close(): Promise<void>;
}

/** Opens the connections of a round. */
export type Prepare = (job: Job, tally: Tally) => Promise<Load>;

/** `make` for 0, 1, ... up to `count`, all at once. */
export const times = <T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => make(index)));
