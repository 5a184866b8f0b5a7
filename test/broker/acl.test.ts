import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { AclFile, parseAcl } from '#src/broker/acl-file.js';
import { ruleCovers, ruleMatches, ruleTouches } from '#src/broker/acl-rule.js';
import type { Who } from '#src/broker/auth.js';
import { topicMatches } from '#src/broker/topics.js';
import type { IsthmusError } from '#src/core/errors.js';

async function acl(t: ExecutionContext, text: string): Promise<{ file: AclFile; rewrite: (text: string) => void }> {
  const dir = mkdtempSync(join(tmpdir(), 'isthmus-acl-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'acl');
  const rewrite = (content: string): void => writeFileSync(path, content);
  rewrite(text);
  const file = new AclFile(path);
  await file.load();
  return { file, rewrite };
}

const who = (clientId: string, username?: string): Who => ({ clientId, username });

test('topics for those without a name, for users, and patterns for everybody', async (t) => {
  const { file } = await acl(
    t,
    `
# for those without a name
topic read public/#
topic write inbox

user ann
topic readwrite home/ann/with space
topic read home/+
topic deny home/secret
user bob smith
topic write home/#
pattern read mcs/%c/%u/+
pattern readwrite own/%c
pattern deny own/forbidden
`,
  );
  const ann = who('a1', 'ann');
  const bob = who('b1', 'bob smith');
  const anonymous = who('x1');
  const cases: [Who, 'read' | 'write', string, boolean][] = [
    [anonymous, 'read', 'public/a/b', true],
    [anonymous, 'write', 'public/a', false],
    [anonymous, 'write', 'inbox', true],
    [anonymous, 'read', 'inbox', false],
    [anonymous, 'read', 'own/x1', true],
    [anonymous, 'read', 'mcs/x1//t', false],
    [ann, 'read', 'public/a', false],
    [ann, 'write', 'home/ann/with space', true],
    [ann, 'read', 'home/kitchen', true],
    [ann, 'write', 'home/kitchen', false],
    [ann, 'read', 'home/secret', false],
    [bob, 'write', 'home/secret', true],
    [bob, 'write', 'home', true],
    [bob, 'read', 'home/secret', false],
    [ann, 'read', 'mcs/a1/ann/temperature', true],
    [ann, 'read', 'mcs/b1/ann/temperature', false],
    [ann, 'read', 'mcs/a1/ann/temperature/more', false],
    [ann, 'read', 'mcs/a1/ann', false],
    [ann, 'write', 'own/a1', true],
    [ann, 'write', 'own/a', false],
    [who('forbidden', 'ann'), 'write', 'own/forbidden', false],
    [who('nobody', 'carl'), 'read', 'home/kitchen', false],
    [anonymous, 'read', '$SYS/x', false],
  ];
  for (const [client, access, topic, expected] of cases) {
    const actual = access === 'read' ? file.mayReceive(client, topic) : file.mayPublish(client, topic);
    t.is(actual, expected, `${client.username} ${access} ${topic}`);
  }
});

test('nobody gains by the name that they choose', async (t) => {
  const { file } = await acl(t, 'pattern readwrite %c/#\npattern read %u/#');
  t.true(file.mayReceive(who('a'), 'a/b'));
  for (const name of ['+', '#', 'a/b', 'x+']) {
    t.false(file.mayReceive(who(name), 'a/b'));
    t.false(file.mayReceive(who('a', name), 'a/b'));
    t.false(file.maySubscribe(who(name), 'a/b'));
  }
});

test('subscriptions that could deliver something are let in, others and those denied are not', async (t) => {
  const { file } = await acl(t, 'topic read a/+/c\ntopic deny a/x/#\ntopic write w/#\npattern read p/%c');
  const client = who('c1');
  for (const filter of ['a/b/c', '#', 'a/#', '+/+/+', 'a/b/+', 'p/+', 'p/c1', '+/c1']) {
    t.true(file.maySubscribe(client, filter), filter);
  }
  for (const filter of ['a/b', 'a/b/d', 'a/x/c', 'a/x/#', 'w/a', 'w/#', 'p/c2', '+', 'a/+/c/d']) {
    t.false(file.maySubscribe(client, filter), filter);
  }
});

test('every error of a file is reported, by line', (t) => {
  const text =
    'topic\nuser\nallow x\ntopic some a/b\ntopic read a#\npattern read x%c/y\ntopic %c\n  # fine\npattern a/%u';
  const error = t.throws<IsthmusError>(() => parseAcl(text, 'etc/acl'));
  t.is(error?.code, 'CONFIG');
  t.deepEqual(
    error?.message.split('\n').map((line) => line.slice(0, 10)),
    [1, 2, 3, 4, 5, 6, 7].map((line) => `etc/acl:${line}:`),
  );
});

test('loading again takes effect, and a bad or missing file changes nothing', async (t) => {
  const { file, rewrite } = await acl(t, 'topic a');
  rewrite('topic b');
  t.true(file.mayPublish(who('x'), 'a'));
  await file.load();
  t.false(file.mayPublish(who('x'), 'a'));
  rewrite('nonsense');
  await t.throwsAsync(file.load(), { code: 'CONFIG' });
  t.true(file.mayPublish(who('x'), 'b'));
  await t.throwsAsync(new AclFile('/nowhere/acl').load(), { code: 'CONFIG', message: /nowhere/ });
});

const level = fc.constantFrom('a', 'b', '');
const levels = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 3 }), fc.boolean())
  .map(([plain, rest]) => [...plain, ...(rest ? ['#'] : [])])
  .filter((each) => each.join('/') !== '');

test('rules agree with topic matching', (t) => {
  const name = fc.array(level, { minLength: 1, maxLength: 4 }).filter((each) => each.join('/') !== '');
  fc.assert(
    fc.property(levels, levels, fc.array(name, { minLength: 1, maxLength: 20 }), (ours, theirs, names) => {
      const rule = { access: 'read' as const, levels: ours };
      for (const topic of names.map((each) => each.join('/'))) {
        const inOurs = topicMatches(ours.join('/'), topic);
        const inTheirs = topicMatches(theirs.join('/'), topic);
        t.is(ruleMatches(rule, topic, who('x')), inOurs);
        if (inOurs && inTheirs) t.true(ruleTouches(rule, theirs, who('x')));
        if (inTheirs && !inOurs) t.false(ruleCovers(rule, theirs, who('x')));
      }
    }),
  );
});
