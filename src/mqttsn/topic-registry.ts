/** A topic id that belongs to one client, and whether that client knows it. */
interface Entry {
  readonly name: string;
  readonly id: number;
  announced: boolean;
}

/** From this many topics on, names are found through a Map: below, a scan is as quick and costs no memory. */
const indexFrom = 16;

/**
 * The normal topic ids of one client [SN 7.3]. Ids count upward from 1, leaving out the pre-defined ones, so that a
 * device that confuses the two kinds cannot publish to the wrong topic.
 */
export class TopicRegistry {
  private entries: Entry[] = [];
  private readonly reserved: ReadonlyMap<number, string>;
  private index: Map<string, Entry> | undefined;
  private last = 0;

  /** `reserved` are the pre-defined ids of this client. */
  constructor(reserved: ReadonlyMap<number, string>) {
    this.reserved = reserved;
  }

  get size(): number {
    return this.entries.length;
  }

  /** The topic name of an id. */
  name(id: number): string | undefined {
    return this.byId(id)?.name;
  }

  /** The id of a topic name, announced or not. */
  id(name: string): number | undefined {
    return this.byName(name)?.id;
  }

  /** The id of a topic name if the client knows it. */
  announcedId(name: string): number | undefined {
    const entry = this.byName(name);
    return entry?.announced === true ? entry.id : undefined;
  }

  /** The id of a topic name, a new one if need be; undefined when `limit` ids are taken. */
  assign(name: string, limit: number): number | undefined {
    const known = this.byName(name);
    if (known !== undefined) return known.id;
    if (this.entries.length >= limit) return undefined;
    do this.last++;
    while (this.reserved.has(this.last));
    // 0xFFFF is reserved [SN 5.3.11]; ids are never reused while the table lives.
    if (this.last >= 0xffff) return undefined;
    this.add({ name, id: this.last, announced: false });
    return this.last;
  }

  /** The client has been told, or has asked for, the id of this topic. */
  announce(name: string): void {
    const entry = this.byName(name);
    if (entry !== undefined) entry.announced = true;
  }

  /** The client does not know this id after all [SN 6.10]. */
  retract(id: number): void {
    const entry = this.byId(id);
    if (entry !== undefined) entry.announced = false;
  }

  /** The client may have forgotten all ids: each is announced again before its next use. */
  retractAll(): void {
    for (const entry of this.entries) entry.announced = false;
  }

  clear(): void {
    this.entries.length = 0;
    this.index = undefined;
    this.last = 0;
  }

  /** All topics as name, id and whether announced, for the store. */
  *[Symbol.iterator](): IterableIterator<[name: string, id: number, announced: boolean]> {
    for (const entry of this.entries) yield [entry.name, entry.id, entry.announced];
  }

  /** Takes a topic up from the store; ids must come in ascending order. */
  restore(name: string, id: number, announced: boolean): void {
    this.add({ name, id, announced });
    this.last = id;
  }

  private add(entry: Entry): void {
    // An array that grows from nothing takes room for 17, and most clients have one topic.
    if (this.entries.length === 0) this.entries = [entry];
    else this.entries.push(entry);
    if (this.index !== undefined) this.index.set(entry.name, entry);
    else if (this.entries.length >= indexFrom) this.index = new Map(this.entries.map((e) => [e.name, e]));
  }

  private byName(name: string): Entry | undefined {
    return this.index === undefined ? this.entries.find((entry) => entry.name === name) : this.index.get(name);
  }

  private byId(id: number): Entry | undefined {
    // Entries are in ascending order of ids: without reserved ones in between, id N stands at place N - 1.
    const direct = this.entries[id - 1];
    if (direct?.id === id) return direct;
    let low = 0;
    let high = this.entries.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const entry = this.entries[middle] as Entry;
      if (entry.id === id) return entry;
      if (entry.id < id) low = middle + 1;
      else high = middle - 1;
    }
    return undefined;
  }
}
