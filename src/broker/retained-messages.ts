import { isReserved } from './topics.js';

interface Node<T> {
  /** A node that has one below itself, as most of those of devices do, has no map for it. */
  below: Map<string, Node<T>> | Only<T> | undefined;
  value: T | undefined;
}

interface Only<T> {
  readonly level: string;
  readonly node: Node<T>;
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
      let next = below(node, level);
      if (next === undefined) {
        next = { below: undefined, value: undefined };
        addBelow(node, level, next);
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
  const next = below(node, level);
  if (next === undefined || !remove(next, levels, depth + 1)) return false;
  if (next.value === undefined && next.below === undefined) {
    if (node.below instanceof Map && node.below.size > 1) node.below.delete(level);
    else node.below = undefined;
  }
  return true;
}

function below<T>(node: Node<T>, level: string): Node<T> | undefined {
  if (node.below instanceof Map) return node.below.get(level);
  return node.below?.level === level ? node.below.node : undefined;
}

function addBelow<T>(node: Node<T>, level: string, added: Node<T>): void {
  if (node.below === undefined) node.below = { level, node: added };
  else if (node.below instanceof Map) node.below.set(level, added);
  else {
    const { below: only } = node;
    node.below = new Map([[only.level, only.node]]).set(level, added);
  }
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
    const all = node.below instanceof Map ? node.below : [[node.below.level, node.below.node] as const];
    for (const [name, child] of all) {
      if (!isRoot || !isReserved(name)) collect(child, levels, next, false, found);
    }
    return;
  }
  const child = below(node, level);
  if (child !== undefined) collect(child, levels, depth + 1, false, found);
}
