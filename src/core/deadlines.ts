import type { Clock } from './clock.js';
import { Deadline, DeadlineHeap } from './deadline-heap.js';

/** One deadline per key, for very many keys that live long. */
export class Deadlines<K> {
  private readonly entries = new Map<K, Deadline<K>>();
  private readonly heap: DeadlineHeap<K>;

  constructor(clock: Clock, name: string, due: (key: K) => void) {
    this.heap = new DeadlineHeap(clock, name, (key) => {
      this.entries.delete(key);
      due(key);
    });
  }

  /** Keys that have a deadline. */
  get size(): number {
    return this.entries.size;
  }

  /** Sets or moves the deadline of a key, in milliseconds of the clock. */
  set(key: K, at: number): void {
    let deadline = this.entries.get(key);
    if (deadline === undefined) {
      deadline = new Deadline(key);
      this.entries.set(key, deadline);
    }
    this.heap.set(deadline, at);
  }

  /** Forgets the deadline of a key. */
  delete(key: K): void {
    const deadline = this.entries.get(key);
    if (deadline === undefined) return;
    this.entries.delete(key);
    this.heap.cancel(deadline);
  }

  /** Forgets every deadline and stops the timer. */
  clear(): void {
    this.heap.clear();
    this.entries.clear();
  }
}
