import { encodeMessage, type Fragment, handshakeTypes } from './handshake-message.js';

/** A handshake message that is complete and whose turn it is. */
export interface HandshakeMessage {
  readonly type: number;
  readonly messageSeq: number;
  readonly body: Buffer;
  /** Header and body, for the transcript. */
  readonly whole: Buffer;
}

interface Partial {
  readonly type: number;
  readonly body: Buffer;
  /** Received ranges [from, to), sorted and apart. */
  ranges: [number, number][];
}

/** How many messages ahead of the next one are kept. */
const ahead = 8;

/**
 * Puts fragments together and messages in order. What it holds is bounded: the length a message may announce by the
 * message's type, the number of messages by a window, the whole by `maxBytes`.
 */
export class Reassembler {
  private readonly partials = new Map<number, Partial>();
  private readonly lengthLimit: (type: number) => number;
  private readonly maxBytes: number;
  private held = 0;
  private nextSeq: number;

  constructor(nextSeq: number, maxBytes: number, lengthLimit = longestMessage) {
    this.nextSeq = nextSeq;
    this.maxBytes = maxBytes;
    this.lengthLimit = lengthLimit;
  }

  /** The number of the message expected next. */
  get expected(): number {
    return this.nextSeq;
  }

  /** Takes a fragment; false when it is of no use (old, far ahead, too long, or at odds with what is there). */
  add(fragment: Fragment): boolean {
    const { messageSeq, type, length } = fragment;
    if (messageSeq < this.nextSeq || messageSeq >= this.nextSeq + ahead || length > this.lengthLimit(type))
      return false;
    let partial = this.partials.get(messageSeq);
    if (partial === undefined) {
      if (this.held + length > this.maxBytes) return false;
      partial = { type, body: Buffer.alloc(length), ranges: [] };
      this.held += length;
      this.partials.set(messageSeq, partial);
    } else if (partial.type !== type || partial.body.length !== length) return false;
    fragment.body.copy(partial.body, fragment.offset);
    cover(partial, fragment.offset, fragment.offset + fragment.body.length);
    return true;
  }

  /** The next message, once it is whole. */
  next(): HandshakeMessage | undefined {
    const partial = this.partials.get(this.nextSeq);
    if (partial === undefined || !isWhole(partial)) return undefined;
    const messageSeq = this.nextSeq++;
    this.partials.delete(messageSeq);
    this.held -= partial.body.length;
    const { type, body } = partial;
    return { type, messageSeq, body, whole: encodeMessage(type, messageSeq, body) };
  }
}

function isWhole(partial: Partial): boolean {
  if (partial.body.length === 0) return true;
  const first = partial.ranges[0];
  return first !== undefined && first[0] === 0 && first[1] === partial.body.length;
}

function cover(partial: Partial, from: number, to: number): void {
  if (from === to) return;
  const merged: [number, number] = [from, to];
  const apart = partial.ranges.filter((range) => {
    const touches = range[0] <= merged[1] && range[1] >= merged[0];
    if (touches) {
      merged[0] = Math.min(merged[0], range[0]);
      merged[1] = Math.max(merged[1], range[1]);
    }
    return !touches;
  });
  partial.ranges = [...apart, merged].sort((a, b) => a[0] - b[0]);
}

/** The most bytes a message from a client may announce, by its type; nothing is allocated beyond. */
export function longestMessage(type: number): number {
  switch (type) {
    case handshakeTypes.certificate:
      return 12_288;
    case handshakeTypes.clientKeyExchange:
      return 512;
    case handshakeTypes.certificateVerify:
      return 1024;
    case handshakeTypes.finished:
      return 12;
    default:
      return 0;
  }
}
