import type { Message } from './message.js';
import type { EndpointLimits } from './parameters.js';
import { EXCHANGE_LIFETIME_MS, NON_LIFETIME_MS } from './parameters.js';
import type { PeerState } from './peers.js';

/**
 * A message received, and what a repetition of it is answered with: the reply's datagram, an empty acknowledgement, or
 * nothing (it was not confirmable, or it is being handled and its time has not come).
 */
export interface Received {
  readonly expiresAt: number;
  readonly fingerprint: number;
  answer: 'reply' | 'ACK' | 'nothing';
  /** The reply's datagram, a character for each byte: a buffer for each of very many would take twice the room. */
  reply: string;
  phase: 'handling' | 'done' | 'forgotten';
}

/** What tells two datagrams apart under one message id: their length and a hash (FNV-1a) over the first bytes. */
export function fingerprint(datagram: Buffer): number {
  let hash = 0x811c9dc5 ^ datagram.length;
  const end = Math.min(datagram.length, 64);
  for (let at = 0; at < end; at++) hash = Math.imul(hash ^ (datagram[at] as number), 0x01000193);
  return hash >>> 1;
}

/** Remembers messages received, by peer and message id, so that none is acted upon twice [RFC 7252 4.5]. */
export class Deduplication {
  private readonly limits: EndpointLimits;
  private readonly makeRoom: () => boolean;
  private replyBytes = 0;

  /** `makeRoom` is called while kept replies take more than they may: it has another peer forgotten, if it can. */
  constructor(limits: EndpointLimits, makeRoom: () => boolean) {
    this.limits = limits;
    this.makeRoom = makeRoom;
  }

  /**
   * The message that this one repeats. A repetition is the same datagram again: a device that has started anew and
   * counts its message ids from the same number says something else, and is heard.
   */
  find(state: PeerState, message: Message, print: number, now: number): Received | undefined {
    const known = state.received?.get(message.mid);
    return known !== undefined && known.expiresAt > now && known.fingerprint === print ? known : undefined;
  }

  /** Notes a message that is not known yet. */
  begin(state: PeerState, message: Message, print: number, now: number): Received {
    const lifetime = message.type === 'CON' ? EXCHANGE_LIFETIME_MS : NON_LIFETIME_MS;
    const received: Received = {
      expiresAt: now + lifetime,
      fingerprint: print,
      answer: 'nothing',
      reply: '',
      phase: 'handling',
    };
    state.received ??= new Map();
    const list = state.received;
    const former = list.get(message.mid);
    if (former !== undefined) this.remove(list, message.mid, former);
    else if (list.size >= this.limits.messagesPerPeer) this.removeOldest(list);
    list.set(message.mid, received);
    return received;
  }

  /** Keeps what a message was answered with. */
  done(received: Received, answer: Buffer | 'ACK' | 'nothing'): void {
    if (received.phase === 'forgotten') return;
    received.phase = 'done';
    if (typeof answer === 'string') {
      received.answer = answer;
      return;
    }
    received.answer = 'reply';
    received.reply = answer.toString('latin1');
    this.replyBytes += answer.length;
    while (this.replyBytes > this.limits.replyBytes && this.makeRoom());
  }

  /** Frees what is kept of a peer. */
  forget(state: PeerState): void {
    for (const received of state.received?.values() ?? []) this.free(received);
    state.received = undefined;
  }

  /** What is still being handled stays: a repetition of it must not be handled beside it. */
  private removeOldest(list: Map<number, Received>): void {
    for (const [mid, received] of list) {
      if (received.phase === 'handling') continue;
      this.remove(list, mid, received);
      return;
    }
  }

  private remove(list: Map<number, Received>, mid: number, received: Received): void {
    list.delete(mid);
    this.free(received);
  }

  private free(received: Received): void {
    this.replyBytes -= received.reply.length;
    received.phase = 'forgotten';
  }
}
