import type { Clock } from '../core/clock.js';
import { Deadlines } from '../core/deadlines.js';
import { EXCHANGE_LIFETIME_MS } from './parameters.js';

/** A body that goes over the network in blocks. */
export interface Body {
  /** The peer's key. */
  readonly owner: string;
  /** Which body of that peer. */
  readonly key: string;
  /** Memory it takes. */
  bytes: number;
}

/** What bodies may take. */
export interface BodyLimits {
  readonly count: number;
  readonly ownerBytes: number;
  readonly totalBytes: number;
}

/**
 * Bodies in the making, bounded per peer and in total: who starts another beyond that loses the one that has waited for
 * longest. One that no block has touched for EXCHANGE_LIFETIME is dropped.
 */
export class BodyStore<B extends Body> {
  private readonly clock: Clock;
  private readonly limits: BodyLimits;
  private readonly deadlines: Deadlines<B>;
  private readonly owners = new Map<string, Map<string, B>>();
  /** The least recently touched first. */
  private readonly order = new Set<B>();
  private bytes = 0;

  constructor(clock: Clock, name: string, limits: BodyLimits) {
    this.clock = clock;
    this.limits = limits;
    this.deadlines = new Deadlines(clock, name, (body) => this.delete(body));
  }

  get size(): number {
    return this.order.size;
  }

  get(owner: string, key: string): B | undefined {
    return this.owners.get(owner)?.get(key);
  }

  /** Adds a body, or notes that one has been used and now takes `bytes`. */
  touch(body: B, bytes = body.bytes): void {
    const { owner, key } = body;
    const former = this.get(owner, key);
    if (former === body) this.remove(body);
    else if (former !== undefined) this.delete(former);
    let own = this.owners.get(owner);
    if (own === undefined) {
      own = new Map();
      this.owners.set(owner, own);
    }
    body.bytes = bytes;
    own.set(key, body);
    this.order.add(body);
    this.bytes += bytes;
    this.deadlines.set(body, this.clock.now() + EXCHANGE_LIFETIME_MS);
    this.shrink(own, body);
  }

  delete(body: B): void {
    this.remove(body);
    this.deadlines.delete(body);
  }

  clear(): void {
    this.deadlines.clear();
    this.owners.clear();
    this.order.clear();
    this.bytes = 0;
  }

  private shrink(own: Map<string, B>, keep: B): void {
    let ownBytes = 0;
    for (const body of own.values()) ownBytes += body.bytes;
    for (const body of own.values()) {
      if (own.size <= this.limits.count && ownBytes <= this.limits.ownerBytes) break;
      if (body === keep) continue;
      ownBytes -= body.bytes;
      this.delete(body);
    }
    for (const body of this.order) {
      if (this.bytes <= this.limits.totalBytes) break;
      if (body !== keep) this.delete(body);
    }
  }

  private remove(body: B): void {
    if (!this.order.delete(body)) return;
    this.bytes -= body.bytes;
    const own = this.owners.get(body.owner);
    if (own?.get(body.key) === body) own.delete(body.key);
    if (own?.size === 0) this.owners.delete(body.owner);
  }
}
