import test from 'ava';
import type { ErrorWithSubackPacket } from 'mqtt';
import { type Authorizer, accessRule } from '#src/broker/auth.js';
import { TestBroker } from '../support/mqtt-broker.js';
import { TestClient } from '../support/mqtt-client.js';

const passwords = accessRule(false, {
  check: ({ username, password }) => Promise.resolve(username === 'ann' && password?.toString() === 'secret'),
});

test('clients and links pass the same door', async (t) => {
  const test = await TestBroker.start(t, { authenticator: passwords });
  const password = Buffer.from('secret');
  await t.notThrowsAsync(test.link('a', { username: 'ann', password }));
  await t.throwsAsync(test.link('b', { username: 'ann', password: Buffer.from('no') }), { code: 'BAD_CREDENTIALS' });
  await t.throwsAsync(test.link('c'), { code: 'BAD_CREDENTIALS' });
  const app = await TestClient.connect(test.url, 'd', { username: 'ann', password });
  t.true(app.mqtt.connected);
  await t.throwsAsync(TestClient.connect(test.url, 'e', { username: 'ann', password: 'no' }), { message: /Bad user/i });
  await t.throwsAsync(TestClient.connect(test.url, 'f'), { message: /Not authorized/ });
});

test('a wrong password takes nobody over', async (t) => {
  const test = await TestBroker.start(t, { authenticator: passwords });
  const device = await test.link('same', { username: 'ann', password: Buffer.from('secret') });
  await t.throwsAsync(TestClient.connect(test.url, 'same', { username: 'ann', password: 'no' }));
  await t.throwsAsync(test.link('same', { username: 'bob' }));
  t.deepEqual(device.closed, []);
});

test('a failing password check refuses, and a long client id too', async (t) => {
  const broken = { check: () => Promise.reject(new Error('disk')) };
  const test = await TestBroker.start(t, { authenticator: broken, maxClientIdLength: 10 });
  await t.throwsAsync(TestClient.connect(test.url, 'a', { username: 'ann' }), { message: /Server unavailable/ });
  await t.throwsAsync(TestClient.connect(test.url, 'longer than ten', {}), { message: /Identifier rejected/ });
});

/** Everybody may use the topics under their own name only, and read `news`. */
const ownOnly: Authorizer = {
  mayPublish: ({ username }, topic) => topic.startsWith(`${username}/`),
  maySubscribe: (_who, filter) => !filter.startsWith('secret/'),
  mayReceive: ({ username }, topic) => topic === 'news' || topic.startsWith(`${username}/`),
};

test('what a client may publish, subscribe and receive', async (t) => {
  const test = await TestBroker.start(t, { authorizer: ownOnly });
  const ann = await test.link('ann', { username: 'ann' });
  const bob = await TestClient.connect(test.url, 'bob', { username: 'bob' });
  await t.throwsAsync(ann.publish('bob/x', 'x'), { code: 'NOT_AUTHORIZED' });
  await t.throwsAsync(ann.subscribe('secret/x'), { code: 'NOT_AUTHORIZED' });
  await ann.subscribe('#', 1);
  const refused = await bob.mqtt
    .subscribeAsync({ 'secret/x': { qos: 1 }, '+/+': { qos: 1 }, '$share/g/x': { qos: 0 } })
    .catch((error: ErrorWithSubackPacket) => error);
  t.deepEqual('packet' in refused ? refused.packet.granted : [], [128, 1, 128]);
  await ann.publish('ann/1', 'x', { qos: 1 });
  await bob.mqtt.publishAsync('ann/2', 'x', { qos: 1 });
  await bob.mqtt.publishAsync('$SYS/2', 'x', { qos: 2 });
  await bob.mqtt.publishAsync('bob/1', 'x', { qos: 1 });
  t.deepEqual(await bob.messages(1), ['bob/1 1 x']);
  t.deepEqual(await ann.messages(1), ['ann/1 1 x']);
  t.true(bob.mqtt.connected);
  t.is(test.metrics.snapshot()['broker.refused_publishes'], 3);
});

test('a will without the right to publish is not published', async (t) => {
  const test = await TestBroker.start(t, { authorizer: ownOnly });
  const ann = await test.link('ann', { username: 'ann' });
  await ann.subscribe('#', 1);
  const will = { payload: Buffer.from('gone'), qos: 1 as const, retain: false };
  const bob = await TestClient.connect(test.url, 'b', { username: 'bob', will: { ...will, topic: 'ann/x' } });
  const eve = await TestClient.connect(test.url, 'e', { username: 'ann', will: { ...will, topic: 'ann/y' } });
  bob.break();
  await bob.closed();
  eve.break();
  t.deepEqual(await ann.messages(1), ['ann/y 1 gone']);
});

test('an anonymous switch', (t) => {
  const all = { check: () => true };
  t.true(accessRule(true).check({ clientId: 'a' }));
  t.false(accessRule(false).check({ clientId: 'a' }));
  t.true(accessRule(true).check({ clientId: 'a', username: 'ann' }));
  t.false(accessRule(false).check({ clientId: 'a', username: 'ann' }));
  t.true(accessRule(false, all).check({ clientId: 'a', username: 'ann' }));
  t.false(accessRule(false, all).check({ clientId: 'a' }));
});
