import type { Target } from '../protocol.js';

/** Which half of a crowd a process plays. */
export type Half = 'mqtt' | 'sn';

/** Main process to a half of the crowd; each order is answered by one `Report`. */
export type Order =
  | {
      readonly kind: 'connect';
      readonly half: Half;
      readonly target: Target;
      readonly count: number;
      readonly atOnce: number;
    }
  /** Publish every so often, for so long. */
  | { readonly kind: 'talk'; readonly everyMs: number; readonly ms: number; readonly payload: number }
  /** Everybody again, at the same moment: the gateway has forgotten the connections. */
  | { readonly kind: 'storm' }
  | { readonly kind: 'end' };

/** What came of an order. Times in ms. */
export interface Report {
  /** How long the order took. */
  readonly ms: number;
  readonly cpuMs: number;
  readonly sent: number;
  readonly acknowledged: number;
  readonly received: number;
  readonly duplicates: number;
  /** Publications and connection attempts that had to be made again. */
  readonly repeated: number;
  /** Of messages received, or of connections made. */
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
  /** Why nothing came of it. */
  readonly failed?: string;
}
