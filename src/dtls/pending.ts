import type { Peer } from '../core/datagram.js';
import type { Handshake } from './handshake.js';

/** A handshake in progress and whom it is with. */
export interface Pending {
  readonly handshake: Handshake;
  readonly lower: Peer;
  /** What its limits are counted under. */
  readonly source: string;
}
