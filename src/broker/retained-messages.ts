import { isReserved } from './topics.js';

interface Node<T> {
  below: Map<string, Node<T>> | undefined;
  value: T | undefined;
}

/** One value per topic name, found by filter: a tree of the names' levels, so that a filter costs what it matches. */
export class RetainedMessages<T extends object> {
  private readonly root: Node<T> = { below: undefined, value: undefined };
  private count = 0;

  /** Names that have a value. */
  get size(): number {
    return this.count;
  }

  set(topic: string, value: T): void {
    let node = this.root;
    for (const level of topic.split('/')) {
      node.below ??= new Map();
      let next = node.below.get(level);
      if (next === undefined) {
        next = { below: undefined, value: undefined };
        node.below.set(level, next);
      }
      node = next;
    }
    if (node.value === undefined) this.count++;
    node.value = value;
  }

  delete(topic: string): void {
    if (remove(this.root, topic.split('/'), 0)) this.count--;
  }

  /** Every value whose name falls under a valid filter, in no promised order. */
  match(filter: string): T[] {
    const found: T[] = [];
    collect(this.root, filter.split('/'), 0, true, found);
    return found;
  }
}

function remove<T>(node: Node<T>, levels: string[], depth: number): boolean {
  const level = levels[depth];
  if (level === undefined) {
    if (node.value === undefined) return false;
    node.value = undefined;
    return true;
  }
  const next = node.below?.get(level);
  if (next === undefined || !remove(next, levels, depth + 1)) return false;
  if (next.value === undefined && next.below === undefined) {
    node.below?.delete(level);
    if (node.below?.size === 0) node.below = undefined;
  }
  return true;
}

function collect<T>(node: Node<T>, levels: string[], depth: number, isRoot: boolean, found: T[]): void {
  const level = levels[depth];
  if (level === undefined || level === '#') {
    if (node.value !== undefined) found.push(node.value);
    if (level === undefined) return;
  }
  if (node.below === undefined) return;
  if (level === '#' || level === '+') {
    const next = level === '#' ? depth : depth + 1;
    for (const [name, child] of node.below) {
      if (!isRoot || !isReserved(name)) collect(child, levels, next, false, found);
    }
    return;
  }
  const child = node.below.get(level);
  if (child !== undefined) collect(child, levels, depth + 1, false, found);
}
