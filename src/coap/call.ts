import type { Peer } from '../core/datagram.js';
import { Deadline } from '../core/deadline-heap.js';
import type { Block } from './block.js';
import type { Received } from './deduplication.js';
import type { RequestMessage } from './message.js';
import type { PeerState } from './peers.js';
import type { Confirmable } from './reliability.js';

/** One request being served. */
export class Call {
  readonly state: PeerState;
  readonly peer: Peer;
  readonly message: RequestMessage;
  readonly received: Received;
  /** An empty acknowledgement has gone out: the response must come as a message of its own [RFC 7252 5.2.2]. */
  acknowledged = false;
  /** When that is to go out if the response has not. */
  readonly delay: Deadline<Call> = new Deadline(this);
  /** The request's last block, which the response must name. */
  block1: Block | undefined = undefined;

  constructor(state: PeerState, peer: Peer, message: RequestMessage, received: Received) {
    this.state = state;
    this.peer = peer;
    this.message = message;
    this.received = received;
  }
}

/** A response that comes after the acknowledgement of its request. If the peer never has it, nobody can be told. */
export class SeparateResponse implements Confirmable {
  readonly to: PeerState;
  readonly mid: number;
  readonly datagram: Buffer;
  repeated = 0;
  waitMs = 0;
  readonly retransmission: Deadline<Confirmable> = new Deadline(this);
  readonly transmitted: () => void;

  constructor(to: PeerState, mid: number, datagram: Buffer, transmitted: () => void) {
    this.to = to;
    this.mid = mid;
    this.datagram = datagram;
    this.transmitted = transmitted;
  }

  acknowledged(): void {}

  reset(): void {}

  timedOut(): void {}
}
