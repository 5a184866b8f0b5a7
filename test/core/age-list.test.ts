import test from 'ava';
import fc from 'fast-check';
import { AgeList } from '#src/core/age-list.js';

class Entry {
  older: Entry | undefined = undefined;
  newer: Entry | undefined = undefined;
}

test('whoever leaves and comes back, the others stand in the order in which they came', (t) => {
  fc.assert(
    fc.property(fc.array(fc.nat(7), { maxLength: 60 }), (moves) => {
      const entries = Array.from({ length: 8 }, () => new Entry());
      const list = new AgeList<Entry>();
      const expected: Entry[] = [];
      for (const move of moves) {
        const entry = entries[move] as Entry;
        const at = expected.indexOf(entry);
        if (at < 0) {
          list.add(entry);
          expected.push(entry);
        } else {
          list.remove(entry);
          expected.splice(at, 1);
        }
        const forward: Entry[] = [];
        for (let each = list.oldest; each !== undefined; each = each.newer) forward.push(each);
        const backward: Entry[] = [];
        for (let each = list.newest; each !== undefined; each = each.older) backward.push(each);
        const same = (found: Entry[]): boolean =>
          found.length === expected.length && found.every((each, i) => each === expected[i]);
        t.true(same(forward) && same(backward.toReversed()));
      }
      list.clear();
      t.is(list.oldest ?? list.newest, undefined);
    }),
  );
});
