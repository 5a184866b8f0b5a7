import type { DtlsTimers } from './options.js';

/** When a flight is to be sent again, and in which size [RFC 6347 4.2.4]. */
export class RetransmissionTimer {
  /** Infinity while nothing is to be repeated. */
  dueAt = Number.POSITIVE_INFINITY;
  private resends = 0;
  private sentAt = 0;
  private waitMs: number;
  private readonly timers: DtlsTimers;

  constructor(timers: DtlsTimers) {
    this.timers = timers;
    this.waitMs = timers.firstMs;
  }

  /** The flight goes out for the first time. */
  start(now: number): void {
    this.sentAt = now;
    this.dueAt = now + this.waitMs;
  }

  /** The peer has begun to answer, or has given up. */
  stop(): void {
    this.dueAt = Number.POSITIVE_INFINITY;
  }

  /** Whether the flight may be repeated now because the peer repeats its own; not more than twice a second. */
  mayRepeat(now: number): boolean {
    if (this.dueAt === Number.POSITIVE_INFINITY || now - this.sentAt < 500) return false;
    this.sentAt = now;
    return true;
  }

  /** Whether the timer has run out; if so the next wait is twice as long, and after the last there is none. */
  isDue(now: number): boolean {
    if (now < this.dueAt) return false;
    this.resends++;
    this.sentAt = now;
    this.waitMs = Math.min(this.waitMs * 2, this.timers.maxMs);
    this.dueAt = this.resends < this.timers.resends ? now + this.waitMs : Number.POSITIVE_INFINITY;
    return true;
  }

  /** Whether so many tries were lost that smaller datagrams are worth a try. */
  get isPathDoubtful(): boolean {
    return this.resends >= 2;
  }
}
