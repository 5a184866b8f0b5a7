import type { AedesPublishPacket } from 'aedes';
import test from 'ava';
import { OutgoingQueues } from '#src/broker/outgoing-queues.js';
import { MemoryStore } from '#src/store/memory-store.js';
import { FakeClock } from '../support/fake-clock.js';

let counter = 0;
const message = (payload: string, more: Partial<AedesPublishPacket> = {}): AedesPublishPacket => ({
  cmd: 'publish',
  brokerId: 'b',
  brokerCounter: ++counter,
  topic: 'a/ä',
  payload: Buffer.from(payload),
  qos: 1,
  retain: true,
  dup: true,
  ...more,
});

function setUp(limit = 100, ttlMs = Number.POSITIVE_INFINITY) {
  const clock = new FakeClock();
  const dropped = { name: 'dropped', value: 0 };
  const table = new MemoryStore().table('outgoing');
  const make = (): OutgoingQueues => new OutgoingQueues(table, { limit, ttlMs }, clock, dropped);
  return { clock, dropped, table, make, queues: make() };
}

const payloads = (queues: OutgoingQueues, clientId: string): string[] =>
  queues.of(clientId).map((packet) => ('payload' in packet ? packet.payload.toString() : packet.cmd));

test('messages wait in order, once each, as new messages for the subscription', (t) => {
  const { queues } = setUp();
  const first = message('1');
  queues.enqueue('c', first, 1);
  queues.enqueue('c', first, 1);
  queues.enqueue('c', message('2', { qos: 2 }), 2);
  queues.enqueue('d', message('3'), 1);
  t.deepEqual(payloads(queues, 'c'), ['1', '2']);
  const [one] = queues.of('c');
  t.like(one, { retain: false, dup: false, qos: 1, messageId: undefined });
  queues.clear('c');
  t.is(queues.size, 1);
});

test('the limit drops what is new, and counts it; what is too old makes room', (t) => {
  const { clock, dropped, queues } = setUp(2, 1000);
  for (const payload of ['1', '2', '3']) queues.enqueue('c', message(payload), 1);
  t.deepEqual(payloads(queues, 'c'), ['1', '2']);
  t.is(dropped.value, 1);
  clock.advance(1001);
  queues.enqueue('c', message('4'), 1);
  t.deepEqual(payloads(queues, 'c'), ['4']);
  t.is(dropped.value, 3);
  clock.advance(1001);
  t.deepEqual(payloads(queues, 'c'), []);
  t.is(queues.size, 0);
});

test('a message id in use is not given again', (t) => {
  const { queues } = setUp();
  const [first, second, third] = [message('1'), message('2'), message('3')];
  for (const each of [first, second, third]) queues.enqueue('c', each, 1);
  const sent = (of: AedesPublishPacket, messageId: number): number | undefined => {
    const packet = { ...of, messageId };
    t.false(queues.sending('c', packet));
    return packet.messageId;
  };
  t.is(sent(first, 65_535), 65_535);
  t.is(sent(second, 65_535), 1);
  queues.acknowledged('c', 65_535);
  t.is(sent(third, 65_535), 65_535);
  t.is(queues.acknowledged('c', 7), undefined);
  t.deepEqual(payloads(queues, 'c'), ['2', '3']);
});

test('a repetition keeps its id and is known as one', (t) => {
  const { queues } = setUp();
  const one = message('1');
  queues.enqueue('c', one, 1);
  t.false(queues.isRepetition('c', one.brokerCounter));
  queues.sending('c', { ...one, messageId: 5 });
  t.false(queues.isRepetition('c', one.brokerCounter));
  queues.sending('c', { ...one, messageId: 5 });
  t.true(queues.isRepetition('c', one.brokerCounter));
});

test('QoS 2: the id is kept before it is sent, then the release takes the place of the message', async (t) => {
  const { queues, make } = setUp();
  const [one, two] = [message('1', { qos: 2 }), message('2', { qos: 2 })];
  queues.enqueue('c', one, 2);
  queues.enqueue('c', two, 2);
  t.true(queues.sending('c', { ...one, messageId: 5 }));
  queues.releasing('c', { cmd: 'pubrel', messageId: 5 });
  t.true(queues.sending('c', { ...two, messageId: 6 }));
  // A retained message, sent without waiting.
  queues.releasing('c', { cmd: 'pubrel', messageId: 9 });
  const again = make();
  t.deepEqual(await again.load('b2'), []);
  t.deepEqual(
    again.of('c').map(({ cmd, messageId }) => `${cmd} ${messageId}`),
    ['pubrel 5', 'publish 6', 'pubrel 9'],
  );
  t.like(again.of('c')[1], { topic: 'a/ä', payload: Buffer.from('2'), qos: 2, retain: false, brokerId: 'b2' });
  again.acknowledged('c', 5);
  again.acknowledged('c', 9);
  again.enqueue('c', message('3'), 1);
  const third = make();
  await third.load('b3');
  t.deepEqual(payloads(third, 'c'), ['2', '3']);
});

test('one connection sends a message once, the next one sends it again', (t) => {
  const { queues } = setUp();
  const [connection, next] = [{ id: 'c' }, { id: 'c' }];
  const [one, two, three] = [message('1'), message('2'), message('3')];
  queues.enqueue('c', one, 1);
  t.true(queues.claim(connection, one.brokerCounter));
  t.false(queues.claim(connection, one.brokerCounter));
  t.true(queues.claim(connection, -1));
  queues.enqueue('c', two, 1);
  const seen: string[] = [];
  for (const packet of queues.unsent(connection)) {
    if ('payload' in packet) seen.push(packet.payload.toString());
    if (seen.length === 1) queues.enqueue('c', three, 1);
  }
  t.deepEqual(seen, ['2', '3']);
  t.is([...queues.unsent(connection)].length, 0);
  t.is([...queues.unsent(next)].length, 3);
  queues.forget('c', two.brokerCounter);
  t.deepEqual(payloads(queues, 'c'), ['1', '3']);
});

test('records that make no sense are skipped', async (t) => {
  const { table, queues } = setUp();
  for (const [key, hex] of [
    ['c\u0000000000000001', '01'],
    ['c', '0100000000000001000000016161'],
    ['c\0zz', '0100000000000001000000016161'],
    ['c\u0000000000000002', '010000000000000100000001616162'],
  ] as const) {
    table.put(key, Buffer.from(hex, 'hex'));
  }
  t.is((await queues.load('b')).length, 3);
  t.deepEqual(payloads(queues, 'c'), ['ab']);
});
