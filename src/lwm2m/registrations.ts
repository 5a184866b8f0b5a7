import type { Clock } from '../core/clock.js';
import type { Peer } from '../core/datagram.js';
import { Deadlines } from '../core/deadlines.js';
import { sameIdentity } from '../core/identity.js';
import type { Registration } from './registration.js';

/** What is registered, as this table needs to see it. */
export interface Registered {
  /** The location, `/rd/{id}`. */
  readonly id: string;
  readonly registration: Registration;
  readonly peer: Peer;
}

/** Every registration, by its id and by its endpoint name, with its lifetime. */
export class Registrations<R extends Registered> {
  private readonly byId = new Map<string, R>();
  private readonly byEndpoint = new Map<string, R>();
  private readonly byPeer = new Map<string, R>();
  private readonly lifetimes: Deadlines<R>;
  private readonly clock: Clock;

  /** `expired` is told of each registration whose lifetime has ended, after it has been removed. */
  constructor(clock: Clock, expired: (registered: R) => void) {
    this.clock = clock;
    this.lifetimes = new Deadlines(clock, 'lwm2m lifetime', (registered) => {
      this.remove(registered);
      expired(registered);
    });
  }

  get size(): number {
    return this.byId.size;
  }

  /** Adds a registration and starts its lifetime; the one of the same endpoint name is removed and given back. */
  add(registered: R): R | undefined {
    const replaced = this.byEndpoint.get(registered.registration.endpoint);
    if (replaced !== undefined) this.remove(replaced);
    this.byId.set(registered.id, registered);
    this.byEndpoint.set(registered.registration.endpoint, registered);
    this.byPeer.set(registered.peer.key, registered);
    this.renew(registered);
    return replaced;
  }

  /** Starts the lifetime anew. */
  renew(registered: R): void {
    this.lifetimes.set(registered, this.clock.now() + registered.registration.lifetimeSeconds * 1000);
  }

  /** Removes a registration; false when it was not here any more. */
  remove(registered: R): boolean {
    if (this.byId.get(registered.id) !== registered) return false;
    this.byId.delete(registered.id);
    this.byEndpoint.delete(registered.registration.endpoint);
    this.forgetPeer(registered, registered.peer.key);
    this.lifetimes.delete(registered);
    return true;
  }

  withId(id: string): R | undefined {
    return this.byId.get(id);
  }

  of(endpoint: string): R | undefined {
    return this.byEndpoint.get(endpoint);
  }

  /** The registration that was made, or last updated, from a peer. */
  ofPeer(key: string): R | undefined {
    return this.byPeer.get(key);
  }

  /** The peer of a registration is another one now. */
  moved(registered: R, oldKey: string): void {
    this.forgetPeer(registered, oldKey);
    this.byPeer.set(registered.peer.key, registered);
  }

  all(): IterableIterator<R> {
    return this.byId.values();
  }

  /** Stops every lifetime and forgets everything. */
  clear(): void {
    this.lifetimes.clear();
    this.byId.clear();
    this.byEndpoint.clear();
    this.byPeer.clear();
  }

  private forgetPeer(registered: R, key: string): void {
    if (this.byPeer.get(key) === registered) this.byPeer.delete(key);
  }
}

/** A location that cannot be guessed: on plain UDP it is all that shows an update to be the device's own. */
export function newRegistrationId(randomBytes: (size: number) => Buffer): string {
  return randomBytes(8).toString('base64url');
}

/** Whether a request for a registration may come from this peer, when the registration belongs to `owner`. */
export function isOwner(owner: Peer, peer: Peer, rebindOnUdp: boolean): boolean {
  if (owner.identity !== undefined || peer.identity !== undefined) return sameIdentity(owner.identity, peer.identity);
  return owner.key === peer.key || rebindOnUdp;
}

/** Whether a new registration of an endpoint name may replace one: who has proven an identity yields only to it. */
export function mayReplace(owner: Peer, peer: Peer): boolean {
  return owner.identity === undefined || sameIdentity(owner.identity, peer.identity);
}
