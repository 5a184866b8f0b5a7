import test from 'ava';
import fc from 'fast-check';
import { FilterIndex } from '#src/broker/filter-index.js';
import { RetainedMessages } from '#src/broker/retained-messages.js';
import { isTopicFilter, isTopicName, topicMatches } from '#src/broker/topics.js';

test('topic names', (t) => {
  for (const name of ['a', '/', 'a/b', '/a', 'a//b', '$SYS/x', ' ', 'ä/ö', 'x'.repeat(65_535)])
    t.true(isTopicName(name));
  const refused = ['', '+', 'a/#', 'a+', 'a\0b', 'x'.repeat(65_536), 'ä'.repeat(40_000), '/'.repeat(100)];
  for (const name of refused) t.false(isTopicName(name));
});

test('topic filters', (t) => {
  for (const filter of ['#', '+', 'a/#', '+/+', '/+', '+/', 'a/+/b/#', 'a', '/']) t.true(isTopicFilter(filter), filter);
  for (const filter of ['', 'a#', '#/a', 'a/#/b', 'a+', '+a', 'a/+b', 'a/b+/c', '##', 'a\0', '/'.repeat(100)]) {
    t.false(isTopicFilter(filter), filter);
  }
});

test("the specification's examples of matching", (t) => {
  const cases: [string, string, boolean][] = [
    ['sport/tennis/player1/#', 'sport/tennis/player1', true],
    ['sport/tennis/player1/#', 'sport/tennis/player1/score/wimbledon', true],
    ['sport/#', 'sport', true],
    ['sport/#', 'sports', false],
    ['sport/tennis/+', 'sport/tennis/player1/ranking', false],
    ['sport/+', 'sport', false],
    ['sport/+', 'sport/', true],
    ['+/+', '/finance', true],
    ['/+', '/finance', true],
    ['+', '/finance', false],
    ['#', '$SYS/x', false],
    ['+/x', '$SYS/x', false],
    ['$SYS/#', '$SYS/x', true],
    ['$SYS/#', '$SYS', true],
    ['a', 'A', false],
    ['a/b', 'a/b/', false],
    ['a/+/#', 'a/b', true],
  ];
  for (const [filter, topic, expected] of cases) t.is(topicMatches(filter, topic), expected, `${filter} ${topic}`);
});

const level = fc.constantFrom('', 'a', 'b', 'cc', '$x');
const name = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/') || 'a');
const filter = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([levels, rest]) => [...levels, ...(rest ? ['#'] : [])].join('/') || '#');

test('an index finds what plain matching finds, through adding and removing', (t) => {
  const step = fc.record({ filter, value: fc.nat(3), add: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.array(name, { maxLength: 5 }), (steps, names) => {
      const values = [{ id: 0 }, { id: 1 }, { id: 2 }, { id: 3 }];
      const index = new FilterIndex<{ id: number }>();
      const plain = new Set<string>();
      for (const s of steps) {
        const key = `${s.value} ${s.filter}`;
        const value = values[s.value] as { id: number };
        if (s.add) {
          index.add(s.filter, value);
          plain.add(key);
        } else {
          t.is(index.remove(s.filter, value), plain.delete(key));
        }
      }
      t.is(index.size, plain.size);
      for (const topic of names) {
        const found: { id: number }[] = [];
        index.match(topic, found);
        const expected = [...plain].filter((key) => topicMatches(key.slice(2), topic)).map((key) => Number(key[0]));
        t.deepEqual(found.map(({ id }) => id).sort(), expected.sort());
      }
    }),
  );
});

test('retained messages are found as plain matching finds them', (t) => {
  const step = fc.record({ topic: name, add: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), filter, (steps, wanted) => {
      const retained = new RetainedMessages<{ topic: string }>();
      const plain = new Set<string>();
      for (const { topic, add } of steps) {
        if (add) {
          retained.set(topic, { topic });
          plain.add(topic);
        } else {
          retained.delete(topic);
          plain.delete(topic);
        }
      }
      t.is(retained.size, plain.size);
      const found = retained.match(wanted).map(({ topic }) => topic);
      t.deepEqual(found.sort(), [...plain].filter((topic) => topicMatches(wanted, topic)).sort());
    }),
  );
});
