import type { Message } from './message.js';
import type { EndpointLimits } from './parameters.js';
import { EXCHANGE_LIFETIME_MS, NON_LIFETIME_MS } from './parameters.js';
import type { PeerState } from './peers.js';

/**
 * A message received, and what a repetition of it is answered with: the reply's datagram, an empty acknowledgement, or
 * nothing (it was not confirmable, or it is being handled and its time has not come).
 */
export interface Received {
  readonly mid: number;
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
    const { received } = state;
    const known = received instanceof Map ? received.get(message.mid) : received;
    return known !== undefined && known.mid === message.mid && known.expiresAt > now && known.fingerprint === print
      ? known
      : undefined;
  }

  /** Notes a message that is not known yet. */
  begin(state: PeerState, message: Message, print: number, now: number): Received {
    const lifetime = message.type === 'CON' ? EXCHANGE_LIFETIME_MS : NON_LIFETIME_MS;
    const received: Received = {
      mid: message.mid,
      expiresAt: now + lifetime,
      fingerprint: print,
      answer: 'nothing',
      reply: '',
      phase: 'handling',
    };
    this.keep(state, received, now);
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
    const { received } = state;
    if (received instanceof Map) for (const each of received.values()) this.free(each);
    else if (received !== undefined) this.free(received);
    state.received = undefined;
  }

  /** Most peers send one message in a lifetime, and there are very many: a map only for those who send more. */
  private keep(state: PeerState, received: Received, now: number): void {
    const { received: before } = state;
    if (before instanceof Map) {
      const former = before.get(received.mid);
      if (former !== undefined) this.remove(before, former);
      else if (before.size >= this.limits.messagesPerPeer) this.removeOldest(before);
      before.set(received.mid, received);
    } else if (before === undefined || before.mid === received.mid || this.isOver(before, now)) {
      if (before !== undefined) this.free(before);
      state.received = received;
    } else {
      state.received = new Map([
        [before.mid, before],
        [received.mid, received],
      ]);
    }
  }

  private isOver({ expiresAt, phase }: Received, now: number): boolean {
    return expiresAt <= now && phase !== 'handling';
  }

  /** What is still being handled stays: a repetition of it must not be handled beside it. */
  private removeOldest(list: Map<number, Received>): void {
    for (const received of list.values()) {
      if (received.phase === 'handling') continue;
      this.remove(list, received);
      return;
    }
  }

  private remove(list: Map<number, Received>, received: Received): void {
    list.delete(received.mid);
    this.free(received);
  }

  private free(received: Received): void {
    this.replyBytes -= received.reply.length;
    received.phase = 'forgotten';
  }
}
