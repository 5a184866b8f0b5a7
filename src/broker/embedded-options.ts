import type { Clock } from '../core/clock.js';
import type { Store } from '../store/store.js';
import type { Authenticator, Authorizer } from './auth.js';

/** How the embedded broker is to behave. */
export interface EmbeddedOptions {
  /** Who may connect; everybody if absent. */
  readonly authenticator?: Authenticator;
  /** What clients may do; everything but to publish to `$SYS/` if absent. */
  readonly authorizer?: Authorizer;
  /** Where retained messages and persistent sessions survive a restart; nowhere if absent. */
  readonly store?: Store;
  readonly clock?: Clock;
  /** Longest client id of an MQTT client, in bytes; default 256. */
  readonly maxClientIdLength?: number;
  /** Messages kept for one client that is away or slow; default 1000. */
  readonly queueLimit?: number;
  /** How long a message is kept for a client that is away; for ever by default. */
  readonly queueTtlSeconds?: number | undefined;
  /** How long a retained message is kept; for ever by default. */
  readonly retainedExpirySeconds?: number | undefined;
  /** How long after a crash clients may take to come back before their wills are published, ms; default 60,000. */
  readonly willGraceMs?: number;
  /** How long a connection may wait with its CONNECT, ms; default 30,000. */
  readonly connectTimeoutMs?: number;
  /** How long a client may leave its socket unread before it is dropped, ms; default 60,000. */
  readonly drainTimeoutMs?: number;
  /** QoS 2 messages one client may have begun and not released; default 1000. */
  readonly maxInflightInbound?: number;
}
