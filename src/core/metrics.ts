/** A named number that only grows. */
export interface Counter {
  readonly name: string;
  value: number;
}

/**
 * All counters of one gateway, by name (`mqttsn.decode_errors`). A counter is fetched once and then incremented as a
 * plain field, so counting costs nothing on a packet's way.
 */
export class Metrics {
  private readonly counters = new Map<string, Counter>();

  counter(name: string): Counter {
    let counter = this.counters.get(name);
    if (counter === undefined) {
      counter = { name, value: 0 };
      this.counters.set(name, counter);
    }
    return counter;
  }

  /** Every counter and its value now, in the order of their names. */
  snapshot(): Record<string, number> {
    return Object.fromEntries([...this.counters.values()].map((c) => [c.name, c.value] as const).sort());
  }
}
