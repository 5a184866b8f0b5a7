import test from 'ava';
import { BrokerRefusal, type LinkOptions, type Message } from '#src/broker/port.js';
import { FakeBroker, matches } from './fake-broker.js';

const link = (clientId: string, seen: Message[] = [], more: Partial<LinkOptions> = {}): LinkOptions => ({
  clientId,
  cleanSession: true,
  protocol: 'test',
  address: 'test',
  onMessage: (message, taken) => {
    seen.push(message);
    taken();
  },
  ...more,
});

test('filters match as MQTT says', (t) => {
  const cases: [string, string, boolean][] = [
    ['a/b', 'a/b', true],
    ['a/b', 'a/b/c', false],
    ['a/+', 'a/b', true],
    ['a/+', 'a', false],
    ['a/+', 'a/', true],
    ['a/#', 'a', true],
    ['a/#', 'a/b/c', true],
    ['+/+', '/x', true],
    ['#', '$SYS/x', false],
    ['$SYS/#', '$SYS/x', true],
  ];
  for (const [filter, topic, expected] of cases) t.is(matches(filter, topic), expected, `${filter} ${topic}`);
});

test('a message is handed over once, with the lower QoS, and acknowledged when taken', async (t) => {
  const broker = new FakeBroker();
  let take = (): void => {};
  const seen: Message[] = [];
  const one = await broker.open(
    link('one', seen, {
      onMessage: (message, taken) => {
        seen.push(message);
        take = taken;
      },
    }),
  );
  one.subscribe('a/#', 0, () => {});
  one.subscribe('a/b', 1, (refusal, granted) => t.deepEqual([refusal, granted], [undefined, 1]));
  let acknowledged = false;
  const published = broker.publish('a/b', 'x', { qos: 2 }).then(() => (acknowledged = true));
  await Promise.resolve();
  t.deepEqual([seen.length, seen[0]?.qos, acknowledged], [1, 1, false]);
  take();
  take();
  await published;
  t.true(acknowledged);
});

test('retained messages come with a new subscription, an empty one clears', async (t) => {
  const broker = new FakeBroker();
  const seen: Message[] = [];
  await broker.publish('a', '1', { retain: true });
  const one = await broker.open(link('one', seen));
  one.subscribe('+', 1, () => t.is(seen.length, 0));
  t.deepEqual([seen.length, seen[0]?.retain], [1, true]);
  await broker.publish('a', '', { retain: true });
  t.false(seen[1]?.retain);
  t.is(broker.retained.size, 0);
});

test('a persistent session keeps subscriptions and messages, a second link takes over', async (t) => {
  const broker = new FakeBroker();
  const reasons: string[] = [];
  const first = await broker.open(link('p', [], { cleanSession: false, onClose: (reason) => reasons.push(reason) }));
  first.subscribe('a', 1, () => {});
  const seen: Message[] = [];
  const second = await broker.open(link('p', seen, { cleanSession: false }));
  t.deepEqual(reasons, ['takeover']);
  second.close();
  await broker.publish('a', 'kept', { qos: 1 });
  await broker.publish('a', 'lost', { qos: 0 });
  t.deepEqual(broker.connected, []);
  await broker.open(link('p', seen, { cleanSession: false }));
  await Promise.resolve();
  t.deepEqual(
    seen.map((message) => message.payload.toString()),
    ['kept'],
  );
});

test('refusals', async (t) => {
  const broker = new FakeBroker();
  broker.refuse = (options) => (options.clientId === 'bad' ? new BrokerRefusal('BAD_CREDENTIALS', 'no') : undefined);
  await t.throwsAsync(() => broker.open(link('bad')), { code: 'BAD_CREDENTIALS' });
  const good = await broker.open(link('good'));
  const codes: (string | undefined)[] = [];
  broker.refuseTopic = (_clientId, topic) => (topic === 'no' ? new BrokerRefusal('NOT_AUTHORIZED', 'no') : undefined);
  for (const topic of ['no', 'a/+', 'ok']) {
    good.publish({ topic, payload: Buffer.alloc(0), qos: 1, retain: false }, (refusal) => codes.push(refusal?.code));
  }
  for (const filter of ['no', 'a/#/b', 'a+', 'ok/#']) good.subscribe(filter, 1, (refusal) => codes.push(refusal?.code));
  t.deepEqual(codes, ['NOT_AUTHORIZED', 'BAD_TOPIC', undefined, 'NOT_AUTHORIZED', 'BAD_TOPIC', 'BAD_TOPIC', undefined]);
  good.close();
  good.publish({ topic: 'ok', payload: Buffer.alloc(0), qos: 1, retain: false }, (refusal) =>
    t.is(refusal?.code, 'UNAVAILABLE'),
  );
});
