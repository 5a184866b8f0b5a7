import type { Clock, Timer } from './clock.js';

interface Entry<K> {
  readonly key: K;
  at: number;
  index: number;
}

/**
 * One deadline per key, for very many keys, on a single timer of the clock: a binary heap ordered by time. A session
 * that is busy moves its deadline later with every packet, so `set` to a later time costs a comparison and no move:
 * the entry is put in its place when its old time comes.
 */
export class Deadlines<K> {
  private readonly heap: Entry<K>[] = [];
  private readonly entries = new Map<K, Entry<K>>();
  private readonly wanted = new Map<K, number>();
  private timer: Timer | undefined;
  private timerAt = Number.POSITIVE_INFINITY;
  private readonly clock: Clock;
  private readonly name: string;
  private readonly due: (key: K) => void;

  constructor(clock: Clock, name: string, due: (key: K) => void) {
    this.clock = clock;
    this.name = name;
    this.due = due;
  }

  /** Keys that have a deadline. */
  get size(): number {
    return this.entries.size;
  }

  /** Sets or moves the deadline of a key, in milliseconds of the clock. */
  set(key: K, at: number): void {
    const entry = this.entries.get(key);
    if (entry === undefined) {
      this.insert({ key, at, index: this.heap.length });
    } else if (at >= entry.at) {
      if (at > entry.at) this.wanted.set(key, at);
      else this.wanted.delete(key);
    } else {
      this.wanted.delete(key);
      entry.at = at;
      this.up(entry);
    }
    this.arm();
  }

  /** Forgets the deadline of a key. */
  delete(key: K): void {
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    this.entries.delete(key);
    this.wanted.delete(key);
    this.removeAt(entry.index);
  }

  /** Forgets every deadline and stops the timer. */
  clear(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.timerAt = Number.POSITIVE_INFINITY;
    this.heap.length = 0;
    this.entries.clear();
    this.wanted.clear();
  }

  private run(): void {
    this.timer = undefined;
    this.timerAt = Number.POSITIVE_INFINITY;
    const now = this.clock.now();
    for (let first = this.heap[0]; first !== undefined && first.at <= now; first = this.heap[0]) {
      const wanted = this.wanted.get(first.key);
      if (wanted !== undefined) {
        this.wanted.delete(first.key);
        first.at = wanted;
        this.down(first);
      } else {
        this.entries.delete(first.key);
        this.removeAt(0);
        this.due(first.key);
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
    this.timer = this.clock.after(this.name, Math.ceil(first.at - this.clock.now()), () => this.run());
  }

  private insert(entry: Entry<K>): void {
    this.entries.set(entry.key, entry);
    this.heap.push(entry);
    this.up(entry);
  }

  private removeAt(index: number): void {
    const last = this.heap.pop() as Entry<K>;
    if (index >= this.heap.length) return;
    this.place(last, index);
    this.up(last);
    this.down(last);
  }

  private up(entry: Entry<K>): void {
    while (entry.index > 0) {
      const parent = this.heap[(entry.index - 1) >> 1] as Entry<K>;
      if (parent.at <= entry.at) return;
      const index = entry.index;
      this.place(entry, parent.index);
      this.place(parent, index);
    }
  }

  private down(entry: Entry<K>): void {
    for (;;) {
      const left = this.heap[2 * entry.index + 1];
      const right = this.heap[2 * entry.index + 2];
      const child = right !== undefined && left !== undefined && right.at < left.at ? right : left;
      if (child === undefined || child.at >= entry.at) return;
      const index = entry.index;
      this.place(entry, child.index);
      this.place(child, index);
    }
  }

  private place(entry: Entry<K>, index: number): void {
    entry.index = index;
    this.heap[index] = entry;
  }
}
