import type { Clock } from '../core/clock.js';
import type { Peer } from '../core/datagram.js';
import { type Deadline, DeadlineHeap } from '../core/deadline-heap.js';
import { nameOfIdentity, sameIdentity } from '../core/identity.js';
import type { RandomBytes } from '../core/random.js';
import type { Registration } from './registration.js';

/** What is registered, as this table needs to see it. */
export interface Registered {
  /** The location, `/rd/{id}`. */
  readonly id: string;
  readonly registration: Registration;
  readonly peer: Peer;
  /** When it was made or last updated, ms. */
  renewedAt: number;
  /** When its lifetime ends. */
  readonly lifetime: Deadline<Registered>;
}

/** Every registration, by its id and by its endpoint name, with its lifetime. */
export class Registrations<R extends Registered> {
  private readonly byId = new Map<string, R>();
  private readonly byEndpoint = new Map<string, R>();
  /** Several where endpoints share an address; the one that was heard last comes last. */
  private readonly byPeer = new Map<string, R | Set<R>>();
  private readonly lifetimes: DeadlineHeap<Registered>;
  private readonly clock: Clock;

  /** `expired` is told of each registration whose lifetime has ended, after it has been removed. */
  constructor(clock: Clock, expired: (registered: R) => void) {
    this.clock = clock;
    this.lifetimes = new DeadlineHeap(clock, 'lwm2m lifetime', ({ id }) => {
      const registered = this.byId.get(id);
      if (registered === undefined) return;
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
    this.restore(registered);
    this.renew(registered);
    return replaced;
  }

  /** Adds a registration from before a restart, whose lifetime does not end until `resume`. */
  restore(registered: R): void {
    this.byId.set(registered.id, registered);
    this.byEndpoint.set(registered.registration.endpoint, registered);
    this.heardFrom(registered);
  }

  /** Goes on with a lifetime from when it was last renewed. */
  resume(registered: R): void {
    const { renewedAt, registration } = registered;
    this.lifetimes.set(registered.lifetime, renewedAt + registration.lifetimeSeconds * 1000);
  }

  /** Starts the lifetime anew. */
  renew(registered: R): void {
    registered.renewedAt = this.clock.now();
    this.resume(registered);
  }

  /** Removes a registration; false when it was not here any more. */
  remove(registered: R): boolean {
    if (this.byId.get(registered.id) !== registered) return false;
    this.byId.delete(registered.id);
    this.byEndpoint.delete(registered.registration.endpoint);
    this.forgetPeer(registered, registered.peer.key);
    this.lifetimes.cancel(registered.lifetime);
    return true;
  }

  withId(id: string): R | undefined {
    return this.byId.get(id);
  }

  of(endpoint: string): R | undefined {
    return this.byEndpoint.get(endpoint);
  }

  /**
   * Whose a message without a registration id may be: by the peer, the one heard last first where several share it; or
   * by the identity that the peer proves, if it is at a new address.
   */
  sendersAt({ key, identity }: Peer): readonly R[] {
    const found = this.byPeer.get(key);
    if (found instanceof Set) return [...found].toReversed();
    if (found !== undefined) return [found];
    const name = nameOfIdentity(identity);
    const named = name === undefined ? undefined : this.byEndpoint.get(name);
    return named !== undefined && sameIdentity(named.peer.identity, identity) ? [named] : [];
  }

  /** A registration was made, updated or moved, and its peer was `oldKey` before. */
  heardFrom(registered: R, oldKey = registered.peer.key): void {
    const { key } = registered.peer;
    if (this.byPeer.get(key) === registered && key === oldKey) return;
    this.forgetPeer(registered, oldKey);
    const others = this.byPeer.get(key);
    if (others === undefined) this.byPeer.set(key, registered);
    else if (others instanceof Set) others.add(registered);
    else this.byPeer.set(key, new Set([others, registered]));
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
    const found = this.byPeer.get(key);
    if (found === registered) this.byPeer.delete(key);
    else if (found instanceof Set && found.delete(registered) && found.size === 0) this.byPeer.delete(key);
  }
}

/** A location that cannot be guessed: on plain UDP it is all that shows an update to be the device's own. */
export function newRegistrationId(randomBytes: RandomBytes): string {
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
