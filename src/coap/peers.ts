import { AgeList, type Aging } from '../core/age-list.js';
import type { Clock, Timer } from '../core/clock.js';
import type { Peer } from '../core/datagram.js';
import type { Received } from './deduplication.js';
import type { Exchange } from './exchange.js';
import { EXCHANGE_LIFETIME_MS } from './parameters.js';
import type { Confirmable } from './reliability.js';
import type { Turn } from './turns.js';

/** What is remembered of one peer. Each part of the message layer keeps its own fields; empty ones cost nothing. */
export class PeerState implements Aging<PeerState> {
  readonly key: string;
  /** As of its first datagram: each one has a peer of its own, which is the same and would have to be kept beside. */
  readonly peer: Peer;
  lastActive = 0;
  /** Message id for our next message to it. */
  nextMid: number;
  /** Requests of its being handled. */
  handling = 0;
  /** Our confirmable message that it has not acknowledged, one at a time: NSTART [RFC 7252 4.7]. */
  inFlight: Confirmable | undefined = undefined;
  queue: Confirmable[] | undefined = undefined;
  /** Our requests without a response: one, as a rule. A map would be made anew for each. */
  exchanges: Exchange[] | undefined = undefined;
  /** Our block-wise transfers with it, by resource. */
  turns: Map<string, Turn> | undefined = undefined;
  /** The message received from it, or several by message id, oldest first. */
  received: Received | Map<number, Received> | undefined = undefined;
  older: PeerState | undefined = undefined;
  newer: PeerState | undefined = undefined;

  constructor(peer: Peer, firstMid: number) {
    this.key = peer.key;
    this.peer = peer;
    this.nextMid = firstMid;
  }

  /** A message id for a message to this peer. */
  takeMid(): number {
    const mid = this.nextMid;
    this.nextMid = (mid + 1) & 0xffff;
    return mid;
  }

  /** Our request of this token that has no response yet; with the token's last one, if a token serves twice. */
  exchange(key: string): Exchange | undefined {
    const { exchanges } = this;
    if (exchanges === undefined) return undefined;
    for (let at = exchanges.length - 1; at >= 0; at--) {
      if (exchanges[at]?.key === key) return exchanges[at];
    }
    return undefined;
  }

  add(exchange: Exchange): void {
    if (this.exchanges === undefined) this.exchanges = [exchange];
    else this.exchanges.push(exchange);
  }

  /** Takes out a request that has ended. Peers are many, and most of them are asked nothing: an empty list goes. */
  remove(exchange: Exchange): void {
    const at = this.exchanges?.indexOf(exchange) ?? -1;
    if (at < 0) return;
    if (this.exchanges?.length === 1) this.exchanges = undefined;
    else this.exchanges?.splice(at, 1);
  }

  /** Whether forgetting it now would break something under way. */
  get busy(): boolean {
    return this.inFlight !== undefined || this.handling > 0 || (this.exchanges?.length ?? 0) > 0;
  }
}

/**
 * The peers of whom something is remembered, in the order of their last activity, which is also the order in which they
 * are forgotten: after EXCHANGE_LIFETIME of silence no message id of theirs or ours matters any more.
 */
export class PeerTable {
  private readonly states = new Map<string, PeerState>();
  private readonly line = new AgeList<PeerState>();
  private timer: Timer | undefined;
  private readonly clock: Clock;
  private readonly limit: number;
  private readonly firstMid: () => number;
  private readonly dropped: (state: PeerState) => void;

  constructor(clock: Clock, limit: number, firstMid: () => number, dropped: (state: PeerState) => void) {
    this.clock = clock;
    this.limit = limit;
    this.firstMid = firstMid;
    this.dropped = dropped;
  }

  get size(): number {
    return this.states.size;
  }

  find(key: string): PeerState | undefined {
    return this.states.get(key);
  }

  /** The state of a peer, new if there was none, marked as active now. */
  obtain(peer: Peer, now: number): PeerState {
    let state = this.states.get(peer.key);
    if (state === undefined) {
      if (this.states.size >= this.limit) this.dropOldest();
      state = new PeerState(peer, this.firstMid());
      this.states.set(state.key, state);
    } else {
      if (state === this.line.newest) {
        state.lastActive = now;
        return state;
      }
      this.line.remove(state);
    }
    this.append(state, now);
    return state;
  }

  /** Every peer there is now. */
  all(): PeerState[] {
    return [...this.states.values()];
  }

  /** Forgets a peer. */
  drop(state: PeerState): void {
    if (!this.states.delete(state.key)) return;
    this.line.remove(state);
    this.dropped(state);
  }

  /** Forgets the peer that has been silent for longest, if there is one with nothing under way among the oldest few. */
  dropOldest(): boolean {
    let state = this.line.oldest;
    for (let tries = 0; tries < 8 && state !== undefined; tries++) {
      if (!state.busy) {
        this.drop(state);
        return true;
      }
      state = state.newer;
    }
    return false;
  }

  clear(): void {
    this.timer?.cancel();
    this.timer = undefined;
    for (const state of this.states.values()) this.dropped(state);
    this.states.clear();
    this.line.clear();
  }

  private append(state: PeerState, now: number): void {
    state.lastActive = now;
    this.line.add(state);
    this.timer ??= this.clock.after('coap idle peers', EXCHANGE_LIFETIME_MS, this.sweep);
  }

  private readonly sweep = (): void => {
    this.timer = undefined;
    const now = this.clock.now();
    for (let state = this.line.oldest; state !== undefined; state = this.line.oldest) {
      const left = state.lastActive + EXCHANGE_LIFETIME_MS - now;
      if (left > 0) {
        this.timer = this.clock.after('coap idle peers', Math.ceil(left), this.sweep);
        return;
      }
      if (state.busy) {
        this.line.remove(state);
        this.append(state, now);
      } else {
        this.drop(state);
      }
    }
  };
}
