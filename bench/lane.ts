import type { Tally } from './tally.js';

const underWay = 0x80;
const lastSeq = 0xffff;
const stalledAfterMs = 2000;

/**
 * One device's messages: at most `window` are under way, and the next goes out when one has gone the whole way. A message
 * has done that when each of the marks in `need` has been seen, so a sender is never faster than the receiver at the
 * other end and nothing piles up between them.
 */
export class Lane {
  private readonly tally: Tally;
  private readonly need: number;
  private readonly window: number;
  private readonly send: (seq: number) => void;
  private readonly marks = new Uint8Array(lastSeq + 1);
  private seq = 0;
  private outstanding = 0;
  private running = false;
  private progressAt = 0;

  constructor(tally: Tally, need: number, window: number, send: (seq: number) => void) {
    this.tally = tally;
    this.need = need | underWay;
    this.window = window;
    this.send = send;
  }

  /** Messages that have been sent and have not come out. */
  get open(): number {
    return this.outstanding;
  }

  start(): void {
    this.running = true;
    this.progressAt = performance.now();
    this.fill();
  }

  /** Sends no more; what is under way may still come out. */
  stop(): void {
    this.running = false;
  }

  /** A message reached a point of its way. `seq` runs from 1 to 65535 and wraps. */
  mark(seq: number, bit: number): void {
    const before = this.marks[seq] ?? 0;
    if ((before & underWay) === 0 || (before & bit) !== 0) {
      this.tally.duplicates++;
      return;
    }
    if ((before | bit) !== this.need) {
      this.marks[seq] = before | bit;
      return;
    }
    this.marks[seq] = 0;
    this.outstanding--;
    this.tally.completed++;
    this.progressAt = performance.now();
    if (this.running) this.next();
  }

  /** The message was refused: it counts as lost. */
  fail(seq: number): void {
    if (((this.marks[seq] ?? 0) & underWay) === 0) return;
    this.marks[seq] = 0;
    this.outstanding--;
    this.tally.lost++;
    if (this.running) this.next();
  }

  /** Gives up what has made no progress for two seconds, so that a loss does not narrow the window for good. */
  unstall(): void {
    if (this.outstanding === 0 || performance.now() - this.progressAt < stalledAfterMs) return;
    this.giveUp();
    this.progressAt = performance.now();
    if (this.running) this.fill();
  }

  /** Counts everything under way as lost. */
  giveUp(): void {
    this.tally.lost += this.outstanding;
    this.outstanding = 0;
    this.marks.fill(0);
  }

  private fill(): void {
    while (this.outstanding < this.window) this.next();
  }

  private next(): void {
    this.seq = this.seq === lastSeq ? 1 : this.seq + 1;
    this.marks[this.seq] = underWay;
    this.outstanding++;
    this.send(this.seq);
  }
}
