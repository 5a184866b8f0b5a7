import { jitterMs, type Random } from '../core/backoff.js';
import type { Clock } from '../core/clock.js';
import { type Deadline, DeadlineHeap } from '../core/deadline-heap.js';
import type { Counter, Metrics } from '../core/metrics.js';
import { ACK_RANDOM_SHARE, ACK_TIMEOUT_MS, MAX_RETRANSMIT } from './parameters.js';
import type { PeerState } from './peers.js';

/** A confirmable message of ours, and who wants to know what becomes of it. */
export interface Confirmable {
  readonly to: PeerState;
  readonly mid: number;
  readonly datagram: Buffer;
  /** Repetitions so far and the wait before the next, kept by Reliability. */
  repeated: number;
  waitMs: number;
  readonly retransmission: Deadline<Confirmable>;
  /** It has been handed to the network for the first time. */
  transmitted(): void;
  /** The peer has it. */
  acknowledged(): void;
  /** The peer cannot make sense of it. */
  reset(): void;
  /** Nothing came back after the last repetition. */
  timedOut(): void;
}

/**
 * Sends confirmable messages again until the peer acknowledges them [RFC 7252 4.2], one at a time per peer
 * [RFC 7252 4.7]; the others queue.
 */
export class Reliability {
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly deadlines: DeadlineHeap<Confirmable>;
  private readonly retransmissions: Counter;
  private readonly timeouts: Counter;

  constructor(clock: Clock, random: Random, metrics: Metrics) {
    this.clock = clock;
    this.random = random;
    this.deadlines = new DeadlineHeap(clock, 'coap retransmission', (message) => this.due(message));
    this.retransmissions = metrics.counter('coap.retransmissions');
    this.timeouts = metrics.counter('coap.timeouts');
  }

  /** Sends now, or when the messages before it are settled. A response overtakes requests that wait. */
  send(message: Confirmable, urgent = false): void {
    const { to } = message;
    if (to.inFlight === undefined) {
      this.transmit(message);
      return;
    }
    to.queue ??= [];
    if (urgent) to.queue.unshift(message);
    else to.queue.push(message);
  }

  /** An empty acknowledgement has come. False if it belongs to nothing. */
  acknowledge(state: PeerState, mid: number): boolean {
    const message = state.inFlight;
    if (message === undefined || message.mid !== mid) return false;
    this.settle(message);
    message.acknowledged();
    return true;
  }

  /** A reset has come. False if it belongs to nothing. */
  reset(state: PeerState, mid: number): boolean {
    const message = state.inFlight;
    if (message === undefined || message.mid !== mid) return false;
    this.settle(message);
    message.reset();
    return true;
  }

  /** Stops a message, in flight or queued; the next one goes out. */
  settle(message: Confirmable): void {
    const { to } = message;
    if (to.inFlight !== message) {
      const at = to.queue?.indexOf(message) ?? -1;
      if (at >= 0) to.queue?.splice(at, 1);
      return;
    }
    this.deadlines.cancel(message.retransmission);
    to.inFlight = undefined;
    const next = to.queue?.shift();
    if (next !== undefined) this.transmit(next);
  }

  /** Stops everything that is in flight or queued for a peer, in silence. */
  abandon(state: PeerState): void {
    if (state.inFlight !== undefined) this.deadlines.cancel(state.inFlight.retransmission);
    state.inFlight = undefined;
    state.queue = undefined;
  }

  clear(): void {
    this.deadlines.clear();
  }

  private transmit(message: Confirmable): void {
    message.to.inFlight = message;
    message.waitMs = jitterMs(ACK_TIMEOUT_MS, ACK_RANDOM_SHARE, this.random);
    this.deadlines.set(message.retransmission, this.clock.now() + message.waitMs);
    message.to.peer.send(message.datagram);
    message.transmitted();
  }

  private due(message: Confirmable): void {
    if (message.repeated === MAX_RETRANSMIT) {
      this.timeouts.value++;
      this.settle(message);
      message.timedOut();
      return;
    }
    message.repeated++;
    message.waitMs *= 2;
    this.retransmissions.value++;
    this.deadlines.set(message.retransmission, this.clock.now() + message.waitMs);
    message.to.peer.send(message.datagram);
  }
}
