import type { Clock } from '../core/clock.js';
import type { Log } from '../core/log.js';
import type { Metrics } from '../core/metrics.js';

/** What every part is given. */
export interface Around {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}
