/**
 * Hands items over one at a time: the next when the one before has been taken, until there is none left or `wanted`
 * says no. Receivers that take at once do not grow the stack.
 */
export function inTurn<T>(
  items: Iterable<T>,
  wanted: () => boolean,
  receive: (item: T, taken: () => void) => void,
): void {
  const iterator = items[Symbol.iterator]();
  let handing = false;
  let free = false;
  const taken = (): void => {
    free = true;
    if (handing) return;
    handing = true;
    while (free && wanted()) {
      const next = iterator.next();
      if (next.done) break;
      free = false;
      receive(next.value, taken);
    }
    handing = false;
  };
  taken();
}
