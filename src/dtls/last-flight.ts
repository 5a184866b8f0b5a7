import type { OutgoingFlight } from './outgoing-flight.js';

/** For how long a peer may ask for our last flight again. */
const keptMs = 120_000;
/** At most so often it is sent. */
const apartMs = 500;
/** A client that does not retransmit by itself (tinydtls) is helped by one resend after so long. */
const courtesyMs = 1000;

/** ChangeCipherSpec and Finished of an established session, until the peer is known to have them. */
export class LastFlight {
  /** The random of the client's hello, by which a late copy of it is known. */
  readonly clientRandom: Buffer;
  readonly expiresAt: number;
  private readonly flight: OutgoingFlight;
  private sentAt: number;
  private courtesyAt: number | undefined;

  constructor(flight: OutgoingFlight, clientRandom: Buffer, now: number) {
    this.flight = flight;
    this.clientRandom = clientRandom;
    this.sentAt = now;
    this.expiresAt = now + keptMs;
    this.courtesyAt = now + courtesyMs;
  }

  /** When it wants to be looked at next. */
  get deadline(): number {
    return this.courtesyAt ?? this.expiresAt;
  }

  /** The datagrams once more, unless they were sent a moment ago. */
  repeat(now: number): Buffer[] {
    if (now - this.sentAt < apartMs) return [];
    this.sentAt = now;
    return this.flight.pack(false);
  }

  /** At the deadline: the one resend nobody has asked for, or nothing. */
  due(now: number): Buffer[] {
    if (this.courtesyAt === undefined || now < this.courtesyAt) return [];
    this.courtesyAt = undefined;
    return this.repeat(now);
  }
}
