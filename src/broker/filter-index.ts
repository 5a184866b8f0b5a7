import { hasWildcard, isReserved } from './topics.js';

// A single value stands for itself: most filters of a fleet belong to one device, and a set each would cost more than
// all the rest. Hence a value must not be a Set.
type Bucket<T> = T | Set<T>;

/** A level of the tree: what lies below each next level, and the values whose filter ends here. */
interface Node<T> {
  named: Map<string, Node<T>> | undefined;
  /** Below `+`. */
  plus: Node<T> | undefined;
  /** Below `#`, where only values are. */
  rest: Node<T> | undefined;
  values: Bucket<T> | undefined;
}

/**
 * Values by topic filter. Filters without a wildcard live in one flat map and cost one look-up, the others in a tree of
 * their levels. A filter that begins with a wildcard does not see names that begin with `$`.
 */
export class FilterIndex<T extends object> {
  private readonly exact = new Map<string, Bucket<T>>();
  private readonly root: Node<T> = newNode();
  private wildcards = 0;
  private plain = 0;

  /** Pairs of filter and value. */
  get size(): number {
    return this.plain + this.wildcards;
  }

  /** Adds a value under a valid filter; the same pair again changes nothing. */
  add(filter: string, value: T): void {
    if (hasWildcard(filter)) {
      let node = this.root;
      for (const level of filter.split('/')) node = childOf(node, level) ?? addChild(node, level);
      if (holds(node.values, value)) return;
      node.values = withValue(node.values, value);
      this.wildcards++;
    } else {
      const bucket = this.exact.get(filter);
      if (holds(bucket, value)) return;
      const grown = withValue(bucket, value);
      if (grown !== bucket) this.exact.set(filter, grown);
      this.plain++;
    }
  }

  /** Takes a value away from a filter; gives whether it was there. */
  remove(filter: string, value: T): boolean {
    if (hasWildcard(filter)) {
      const removed = removeBelow(this.root, filter.split('/'), 0, value);
      if (removed) this.wildcards--;
      return removed;
    }
    const bucket = this.exact.get(filter);
    if (!holds(bucket, value)) return false;
    if (withoutValue(bucket, value) === undefined) this.exact.delete(filter);
    this.plain--;
    return true;
  }

  /** Appends to `found` every value whose filter matches the name, once per filter, wildcards first. */
  match(topic: string, found: T[]): void {
    if (this.wildcards > 0) {
      if (isReserved(topic)) {
        const slash = topic.indexOf('/');
        const named = this.root.named?.get(slash < 0 ? topic : topic.slice(0, slash));
        if (named !== undefined) matchBelow(named, topic, slash < 0 ? -1 : slash + 1, found);
      } else matchBelow(this.root, topic, 0, found);
    }
    append(this.exact.get(topic), found);
  }
}

const newNode = <T>(): Node<T> => ({ named: undefined, plus: undefined, rest: undefined, values: undefined });

function childOf<T>(node: Node<T>, level: string): Node<T> | undefined {
  if (level === '+') return node.plus;
  return level === '#' ? node.rest : node.named?.get(level);
}

function addChild<T>(node: Node<T>, level: string): Node<T> {
  const child = newNode<T>();
  if (level === '+') node.plus = child;
  else if (level === '#') node.rest = child;
  else {
    node.named ??= new Map();
    node.named.set(level, child);
  }
  return child;
}

function removeChild<T>(node: Node<T>, level: string): void {
  if (level === '+') node.plus = undefined;
  else if (level === '#') node.rest = undefined;
  else if (node.named?.delete(level) && node.named.size === 0) node.named = undefined;
}

function removeBelow<T extends object>(node: Node<T>, levels: string[], depth: number, value: T): boolean {
  const level = levels[depth];
  if (level === undefined) {
    if (!holds(node.values, value)) return false;
    node.values = withoutValue(node.values, value);
    return true;
  }
  const child = childOf(node, level);
  if (child === undefined || !removeBelow(child, levels, depth + 1, value)) return false;
  if (isEmpty(child)) removeChild(node, level);
  return true;
}

/** Follows the levels of the name from `start`; -1 says that the name has ended. */
function matchBelow<T extends object>(node: Node<T>, topic: string, start: number, found: T[]): void {
  // `a/#` matches `a` as well [MQTT-4.7.1-2].
  if (node.rest !== undefined) append(node.rest.values, found);
  if (start < 0) {
    append(node.values, found);
    return;
  }
  const { named, plus } = node;
  if (named === undefined && plus === undefined) return;
  const slash = topic.indexOf('/', start);
  const next = slash < 0 ? -1 : slash + 1;
  if (named !== undefined) {
    const child = named.get(slash < 0 ? topic.slice(start) : topic.slice(start, slash));
    if (child !== undefined) matchBelow(child, topic, next, found);
  }
  if (plus !== undefined) matchBelow(plus, topic, next, found);
}

const isEmpty = <T>(node: Node<T>): boolean =>
  node.named === undefined && node.plus === undefined && node.rest === undefined && node.values === undefined;

const holds = <T extends object>(bucket: Bucket<T> | undefined, value: T): boolean =>
  bucket instanceof Set ? bucket.has(value) : bucket === value;

function withValue<T extends object>(bucket: Bucket<T> | undefined, value: T): Bucket<T> {
  if (bucket === undefined) return value;
  return bucket instanceof Set ? bucket.add(value) : new Set([bucket, value]);
}

function withoutValue<T extends object>(bucket: Bucket<T> | undefined, value: T): Bucket<T> | undefined {
  if (!(bucket instanceof Set)) return undefined;
  bucket.delete(value);
  return bucket.size === 0 ? undefined : bucket;
}

function append<T extends object>(bucket: Bucket<T> | undefined, found: T[]): void {
  if (bucket === undefined) return;
  if (bucket instanceof Set) for (const value of bucket) found.push(value);
  else found.push(bucket);
}
