import type { Counter, Metrics } from '../core/metrics.js';

/** The counters of DTLS endpoints. */
export interface DtlsCounters {
  readonly malformed: Counter;
  readonly verifyRequests: Counter;
  readonly handshakesLimited: Counter;
  readonly handshakesFailed: Counter;
  readonly established: Counter;
  readonly resumed: Counter;
  readonly ended: Counter;
  readonly moved: Counter;
  readonly stray: Counter;
  readonly forged: Counter;
  readonly replayed: Counter;
  readonly oversized: Counter;
  readonly unsent: Counter;
}

/** Fetches them. */
export function dtlsCounters(metrics: Metrics): DtlsCounters {
  return {
    malformed: metrics.counter('dtls.malformed'),
    verifyRequests: metrics.counter('dtls.verify_requests'),
    handshakesLimited: metrics.counter('dtls.handshakes_limited'),
    handshakesFailed: metrics.counter('dtls.handshakes_failed'),
    established: metrics.counter('dtls.established'),
    resumed: metrics.counter('dtls.resumed'),
    ended: metrics.counter('dtls.ended'),
    moved: metrics.counter('dtls.moved'),
    stray: metrics.counter('dtls.stray_records'),
    forged: metrics.counter('dtls.forged_records'),
    replayed: metrics.counter('dtls.replayed_records'),
    oversized: metrics.counter('dtls.oversized_records'),
    unsent: metrics.counter('dtls.unsent'),
  };
}
