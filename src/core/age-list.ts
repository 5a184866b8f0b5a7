/** What can stand in an AgeList: its neighbours in age are its own fields, so that a place costs no room beside. */
export interface Aging<T> {
  older: T | undefined;
  newer: T | undefined;
}

/** Very many entries in the order in which they were added; any of them leaves without a search. */
export class AgeList<T extends Aging<T>> {
  oldest: T | undefined;
  newest: T | undefined;

  /** Adds an entry that is in no list, as the newest. */
  add(entry: T): void {
    entry.older = this.newest;
    entry.newer = undefined;
    if (this.newest === undefined) this.oldest = entry;
    else this.newest.newer = entry;
    this.newest = entry;
  }

  /** Takes out an entry of this list. */
  remove({ older, newer }: T): void {
    if (older === undefined) this.oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.newest = older;
    else newer.older = older;
  }

  /** Forgets all of them. */
  clear(): void {
    this.oldest = undefined;
    this.newest = undefined;
  }
}
