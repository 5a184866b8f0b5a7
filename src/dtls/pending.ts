import type { Peer } from '../core/datagram.js';
import type { Handshake } from './handshake.js';

/** A handshake in progress and whom it is with. */
export interface Pending {
  /**
   * Undefined once it is over. Dead tables of V8's maps, when one of them has grown old, keep what they held from the
   * quick collection of garbage: this much of it must not be held.
   */
  handshake: Handshake | undefined;
  /** The connection id given to the client, see `cidText`; empty for none. */
  readonly cid: string;
  readonly lower: Peer;
  /** What its limits are counted under. */
  readonly source: string;
}
