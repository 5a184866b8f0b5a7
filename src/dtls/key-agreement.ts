import { DecodeError } from '../core/errors.js';
import type { Refusal } from './certificate-chain.js';
import type { EphemeralKey } from './groups.js';
import { decodeClientKeyExchange } from './messages/client-key-exchange.js';
import { ecdhePskPremaster, pskPremaster } from './premaster.js';
import type { CipherSuite } from './suites.js';

/** What a ClientKeyExchange contributes to the premaster secret. */
export interface Contribution {
  /** The PSK identity, for suites that have one. */
  readonly identity: Buffer | undefined;
  /** The Diffie-Hellman secret, for suites that have one. */
  readonly shared: Buffer | undefined;
}

/** Reads a ClientKeyExchange and, with ECDHE, computes the shared secret. */
export function readContribution(
  body: Buffer,
  suite: CipherSuite,
  ephemeral: EphemeralKey | undefined,
): Contribution | Refusal {
  const message = decodeClientKeyExchange(body, suite.keyExchange);
  if (message instanceof DecodeError) return { alert: 'decode_error', reason: 'a malformed ClientKeyExchange' };
  const { identity, point } = message;
  if (point === undefined) return { identity, shared: undefined };
  const shared = ephemeral?.agree(point);
  if (shared === undefined) return { alert: 'illegal_parameter', reason: 'a point that is not on the curve' };
  return { identity, shared };
}

/** The premaster secret. `psk` is the key of the identity, absent for suites without one. */
export function premasterOf(contribution: Contribution, psk: Buffer | undefined): Buffer {
  const { shared } = contribution;
  if (psk === undefined) return Buffer.from(shared ?? []);
  return shared === undefined ? pskPremaster(psk) : ecdhePskPremaster(shared, psk);
}
