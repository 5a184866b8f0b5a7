import type { Clock, Timer } from './clock.js';

/** A deadline that its owner keeps, so that setting and cancelling it needs no search. */
export class Deadline<T> {
  readonly of: T;
  /**
   * When its place in the heap says it comes, in whole ms since the heap was made, a number that needs no room of its
   * own; it may be wanted later than that.
   */
  at = 0;
  wantedAt = 0;
  /** Its place in the heap; -1 while it is not set. */
  index = -1;

  constructor(of: T) {
    this.of = of;
  }
}

/**
 * Very many deadlines on a single timer of the clock: a binary heap ordered by time. A session that is busy moves its
 * deadline later with every packet, so `set` to a later time costs a comparison and no move: the deadline is put in its
 * place when its old time comes.
 */
export class DeadlineHeap<T> {
  private readonly heap: Deadline<T>[] = [];
  private timer: Timer | undefined;
  private timerAt = Number.POSITIVE_INFINITY;
  private readonly clock: Clock;
  private readonly origin: number;
  private readonly name: string;
  private readonly due: (of: T) => void;

  constructor(clock: Clock, name: string, due: (of: T) => void) {
    this.clock = clock;
    this.origin = clock.now();
    this.name = name;
    this.due = due;
  }

  /** Deadlines that are set. */
  get size(): number {
    return this.heap.length;
  }

  /** Sets or moves a deadline, in milliseconds of the clock. */
  set(deadline: Deadline<T>, time: number): void {
    const at = Math.ceil(time - this.origin);
    deadline.wantedAt = at;
    if (deadline.index < 0) {
      deadline.at = at;
      deadline.index = this.heap.length;
      this.heap.push(deadline);
      this.up(deadline);
    } else if (at < deadline.at) {
      deadline.at = at;
      this.up(deadline);
    }
    this.arm();
  }

  /** Takes a deadline back; nothing happens if it is not set. */
  cancel(deadline: Deadline<T>): void {
    if (deadline.index < 0) return;
    const { index } = deadline;
    deadline.index = -1;
    this.removeAt(index);
  }

  /** Takes every deadline back and stops the timer. */
  clear(): void {
    for (const deadline of this.heap) deadline.index = -1;
    this.heap.length = 0;
    this.timer?.cancel();
    this.timer = undefined;
    this.timerAt = Number.POSITIVE_INFINITY;
  }

  private run(): void {
    this.timer = undefined;
    this.timerAt = Number.POSITIVE_INFINITY;
    const now = this.now();
    for (let first = this.heap[0]; first !== undefined && first.at <= now; first = this.heap[0]) {
      if (first.wantedAt > first.at) {
        first.at = first.wantedAt;
        this.down(first);
      } else {
        first.index = -1;
        this.removeAt(0);
        this.due(first.of);
      }
    }
    this.arm();
  }

  private arm(): void {
    const first = this.heap[0];
    if (first === undefined || first.at >= this.timerAt) return;
    this.timer?.cancel();
    this.timerAt = first.at;
    // Whole milliseconds upward: a timer that fires a fraction early would only be started again.
    this.timer = this.clock.after(this.name, Math.ceil(first.at - this.now()), () => this.run());
  }

  private now(): number {
    return this.clock.now() - this.origin;
  }

  private removeAt(index: number): void {
    const last = this.heap.pop() as Deadline<T>;
    if (index >= this.heap.length) return;
    this.place(last, index);
    this.up(last);
    this.down(last);
  }

  private up(deadline: Deadline<T>): void {
    while (deadline.index > 0) {
      const parent = this.heap[(deadline.index - 1) >> 1] as Deadline<T>;
      if (parent.at <= deadline.at) return;
      const { index } = deadline;
      this.place(deadline, parent.index);
      this.place(parent, index);
    }
  }

  private down(deadline: Deadline<T>): void {
    for (;;) {
      const left = this.heap[2 * deadline.index + 1];
      const right = this.heap[2 * deadline.index + 2];
      const child = right !== undefined && left !== undefined && right.at < left.at ? right : left;
      if (child === undefined || child.at >= deadline.at) return;
      const { index } = deadline;
      this.place(deadline, child.index);
      this.place(child, index);
    }
  }

  private place(deadline: Deadline<T>, index: number): void {
    this.heap[index] = deadline;
    deadline.index = index;
  }
}
