import test from 'ava';
import { endOf, isVersionRefusal, refusalOf } from '#src/broker/external-answers.js';
import { LinkSubscriptions } from '#src/broker/external-subscriptions.js';
import { ExternalWindow } from '#src/broker/external-window.js';
import { BrokerRefusal, type Message } from '#src/broker/port.js';

const message = (topic: string): Message => ({ topic, payload: Buffer.alloc(0), qos: 1, retain: false });

test('no more on the way than the broker takes; the rest in order, refused at a loss', (t) => {
  const sent: { topic: string; answered: (code: number) => void }[] = [];
  const window = new ExternalWindow(({ topic }, answered) => sent.push({ topic, answered }));
  const answers: string[] = [];
  const publish = (topic: string): void => {
    window.publish(message(topic), (refusal) => answers.push(`${topic} ${refusal?.code ?? 'done'}`));
  };
  window.open(2);
  for (const topic of ['a', 'b', 'c', 'd']) publish(topic);
  t.deepEqual(
    sent.map(({ topic }) => topic),
    ['a', 'b'],
  );
  sent[0]?.answered(0);
  t.deepEqual(
    sent.map(({ topic }) => topic),
    ['a', 'b', 'c'],
  );
  window.close(new BrokerRefusal('UNAVAILABLE', 'away'));
  t.deepEqual(answers, ['a done', 'd UNAVAILABLE']);
  // The connection is back, and what was on the way was sent again.
  window.open(2);
  sent[1]?.answered(0);
  sent[2]?.answered(0x87);
  t.deepEqual(answers.slice(2), ['b done', 'c NOT_AUTHORIZED']);
  publish('e');
  window.refuse(new BrokerRefusal('UNAVAILABLE', 'closed'));
  sent[3]?.answered(0);
  t.deepEqual(answers.slice(4), ['e UNAVAILABLE']);
  for (let i = 0; i < 101; i++) publish(`${i}`);
  t.is(answers.at(-1), '100 UNAVAILABLE');
});

test('of several copies the one of the highest QoS counts, and what is known of no filter always', (t) => {
  const subscriptions = new LinkSubscriptions();
  const low = subscriptions.set('a/#', 0, false).id;
  const high = subscriptions.set('a/+', 2, false).id;
  t.not(low, high);
  t.false(subscriptions.wants('a/b', false, [low]));
  t.true(subscriptions.wants('a/b', false, [high]));
  t.true(subscriptions.wants('a/b', false, [low, high]));
  t.true(subscriptions.wants('a/b', false, []));
  t.true(subscriptions.wants('a/b', false, [7]));
  t.true(subscriptions.wants('b', false, [low]));
  t.true(subscriptions.wants('a/b/c', false, [low]));
  // A retained copy is for the one filter that was subscribed.
  t.true(subscriptions.wants('a/b', true, [low]));
  subscriptions.delete('a/+');
  t.true(subscriptions.wants('a/b', false, [low]));
});

test('retained messages of filters that were taken up again are not wanted', (t) => {
  const subscriptions = new LinkSubscriptions();
  subscriptions.set('a/#', 1, true);
  t.false(subscriptions.wants('a/b', true, []));
  t.true(subscriptions.wants('a/b', false, []));
  subscriptions.set('$share/g/a/b', 1, false);
  t.true(subscriptions.wants('a/b', true, []));
  t.true(subscriptions.get('a/#')?.quiet);
});

test('codes', (t) => {
  t.is(refusalOf(4, '').code, 'BAD_CREDENTIALS');
  t.is(refusalOf(0x87, '').code, 'NOT_AUTHORIZED');
  t.is(refusalOf(0x90, '').code, 'BAD_TOPIC');
  t.is(refusalOf(3, '').code, 'UNAVAILABLE');
  t.is(refusalOf(0, '').code, 'UNAVAILABLE');
  t.true(isVersionRefusal(1) && isVersionRefusal(0x84));
  t.deepEqual([0x8e, 0x98, 0x8b].map(endOf), ['takeover', 'kicked', undefined]);
});
