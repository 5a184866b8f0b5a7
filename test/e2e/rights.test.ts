import test, { type ExecutionContext } from 'ava';
import type { IClientOptions } from 'mqtt';
import type { QoS } from '#src/broker/port.js';
import { UdpDevice } from '../lwm2m/support/udp-device.js';
import { passwordLines, passwordOf, startGateway } from '../support/gateway.js';
import { TestClient } from '../support/mqtt-client.js';
import { SnClient } from '../support/sn-client.js';

const acl = `
topic read open/#
topic write open/drop
user guard
topic readwrite #
topic readwrite $SYS/#
user stranger
topic readwrite mine/#
topic write reports/stranger
topic deny mine/locked/#
`;

/**
 * A gateway with everything locked, and its guard, who sees everything. `stranger` has nothing but `mine/#` and may write
 * one report; whoever has no user name may read `open/#`.
 */
async function house(t: ExecutionContext, ...settings: string[]) {
  const gateway = await startGateway(t, {
    isthmus: [
      'broker.password_file = etc/passwd',
      'broker.acl_file = etc/acl',
      'broker.sys_interval = 1s',
      ...settings,
    ],
    sn: [
      'mqtt.sn.auth.stranger.username = stranger',
      `mqtt.sn.auth.stranger.password = ${passwordOf('stranger')}`,
      'mqtt.sn.auth.guard.username = guard',
      'mqtt.sn.auth.guard.password = wrong',
      'mqtt.sn.enable_qos3 = on',
      'mqtt.sn.predefined.topic.1 = secret/predefined',
      'mqtt.sn.predefined.topic.2 = open/drop',
    ],
    files: { passwd: await passwordLines('guard', 'stranger'), acl },
  });
  const as = (username: string, clientId: string, more: IClientOptions = {}): Promise<TestClient> =>
    TestClient.connect(gateway.mqtt, clientId, { username, password: passwordOf(username), ...more });
  const guard = await as('guard', 'guard');
  await guard.mqtt.subscribeAsync(['#', '$SYS/forged/#', '$SYS/broker/forged/#'], { qos: 2 });
  /** All that the guard has seen, once everything before is through. */
  const seen = async (): Promise<string[]> => {
    const before = guard.received.length;
    await guard.mqtt.publishAsync('end', '', { qos: 2 });
    const until = Date.now() + 5000;
    while (!guard.received.slice(before).includes('end 2 ') && Date.now() < until) {
      await guard.messages(guard.received.length + 1, 1000);
    }
    return guard.received.filter((line) => !line.startsWith('end ') && !line.startsWith('lwm2m/'));
  };
  const quietly = (topic: string, payload: string): Promise<unknown> =>
    guard.mqtt.publishAsync(topic, payload, { qos: 1, retain: true });
  return { gateway, as, guard, seen, quietly };
}

const forbidden = [
  'secret',
  'secret/a',
  'open/a',
  'mine/locked/a',
  'reports/another',
  '$SYS/forged/a',
  '$SYS/broker/forged/uptime',
  '$SYS/broker/forged/new/clients',
  'lwm2m/ep/command',
];
const filters = ['#', '+/+', 'secret/#', '$SYS/#', '$SYS/broker/uptime', '+/broker/uptime', 'lwm2m/#', 'mine/locked/#'];
const qosLevels: QoS[] = [0, 1, 2];

test('without rights nothing is published: MQTT', async (t) => {
  const { as, seen } = await house(t);
  const stranger = await as('stranger', 'stranger');
  for (const topic of forbidden) {
    for (const qos of qosLevels) {
      for (const retain of [false, true]) await stranger.mqtt.publishAsync(topic, 'forged', { qos, retain });
    }
  }
  await stranger.mqtt.publishAsync('reports/stranger', 'allowed', { qos: 2 });
  t.true(stranger.mqtt.connected);
  t.deepEqual(await seen(), ['reports/stranger 2 allowed']);
});

test('without rights nothing is published: MQTT-SN, which is told so', async (t) => {
  const { gateway, seen } = await house(t);
  const stranger = await SnClient.connect(gateway.snPort, 'stranger');
  t.teardown(() => stranger.close());
  for (const topic of forbidden) {
    await stranger.publish(topic, 'forged', 0);
    for (const qos of [1, 2] as const) t.not(await stranger.publish(topic, 'forged', qos, true), 0, topic);
  }
  const short = Buffer.from('ab').readUInt16BE();
  t.not(await stranger.publishTo({ topicId: short, topicIdType: 'short' }, 'forged', 1), 0);
  t.not(await stranger.publishTo({ topicId: 1, topicIdType: 'predefined' }, 'forged', 1), 0);
  // QoS -1 needs no session, and so no rights but those of whoever has no name.
  const nobody = await SnClient.at(gateway.snPort);
  t.teardown(() => nobody.close());
  for (const sender of [nobody, stranger]) {
    const publish = { type: 'PUBLISH', dup: false, retain: true, msgId: 0, payload: Buffer.from('forged') } as const;
    sender.send({ ...publish, qos: -1, topicIdType: 'predefined', topicId: 1 });
    sender.send({ ...publish, qos: -1, topicIdType: 'short', topicId: short });
  }
  t.is(await stranger.publish('reports/stranger', 'allowed', 2), 0);
  t.deepEqual(await seen(), ['reports/stranger 2 allowed']);
});

test('without rights nothing is received, by whatever filter: MQTT and MQTT-SN', async (t) => {
  const { gateway, as, quietly, guard } = await house(t);
  await quietly('secret/kept', 'x');
  await quietly('mine/locked/kept', 'x');
  const stranger = await as('stranger', 'reader');
  const device = await SnClient.connect(gateway.snPort, 'stranger');
  t.teardown(() => device.close());
  for (const filter of filters) {
    await stranger.mqtt.subscribeAsync(filter, { qos: 2 }).catch(() => {});
    await device.subscribe(filter, 2);
  }
  for (const filter of ['secret/#', '$SYS/#', 'lwm2m/#', 'mine/locked/#', 'reports/stranger']) {
    await t.throwsAsync(stranger.mqtt.subscribeAsync(filter), undefined, filter);
    t.true((await device.subscribe(filter)) < 0, filter);
  }
  for (const topic of ['secret/live', 'mine/locked/live', 'reports/stranger', 'lwm2m/ep/up/resp']) {
    await quietly(topic, 'x');
  }
  // The topics of the broker are told meanwhile.
  await guard.mqtt.subscribeAsync('$SYS/broker/uptime');
  const told = (): boolean => guard.received.some((line) => /uptime 0 \d/.test(line));
  while (!told()) await guard.messages(guard.received.length + 1);
  await guard.mqtt.publishAsync('mine/end', 'x', { qos: 1 });
  t.deepEqual(await stranger.messages(1), ['mine/end 1 x']);
  t.deepEqual(await device.messages(1), ['mine/end 1 x']);
});

test('without rights no will is published: MQTT and MQTT-SN', async (t) => {
  const { gateway, as, seen } = await house(t);
  for (const topic of forbidden.filter((name) => !name.startsWith('lwm2m'))) {
    for (const retain of [false, true]) {
      const will = { topic, payload: Buffer.from('forged'), qos: 1, retain } as const;
      const stranger = await as('stranger', 'stranger', { will });
      const gone = stranger.closed();
      stranger.break();
      await gone;
    }
    const will = { topic, payload: 'forged', qos: 1 } as const;
    const device = await SnClient.connect(gateway.snPort, 'stranger', { will });
    // Another takes its client id, which ends the connection without a DISCONNECT.
    const again = await as('stranger', 'stranger');
    await again.mqtt.endAsync();
    device.close();
  }
  const will = { topic: 'reports/stranger', payload: Buffer.from('allowed'), qos: 1 } as const;
  (await as('stranger', 'last', { will })).break();
  const until = Date.now() + 5000;
  let lines = await seen();
  while (lines.length === 0 && Date.now() < until) lines = await seen();
  t.deepEqual(lines, ['reports/stranger 1 allowed']);
});

test('nobody takes a client id over with a wrong password or none, by any protocol', async (t) => {
  const { gateway, guard, seen } = await house(t, 'broker.allow_anonymous = false');
  const wrong: IClientOptions[] = [
    {},
    { username: 'guard', password: 'wrong' },
    { username: 'guard' },
    { username: 'nobody', password: 'drag' },
    { username: 'GUARD', password: passwordOf('guard') },
    { username: '', password: passwordOf('guard') },
    { username: '$isthmus', password: 'x'.repeat(32) },
    { username: '$isthmus' },
  ];
  for (const options of wrong) await t.throwsAsync(TestClient.connect(gateway.mqtt, 'guard', options));
  // MQTT-SN has no passwords of its own: the gateway presents what is configured for the client id, here a wrong one.
  const device = await SnClient.at(gateway.snPort);
  t.not(await device.tryConnect({ clientId: 'guard' }), 0);
  device.close();
  const managed = await UdpDevice.at(gateway.coapPort);
  t.teardown(() => managed.close());
  t.is((await managed.ask('POST', '/rd?ep=guard&lwm2m=1.1&imei=guard&password=wrong', '</3/0>')).code, '4.03');
  t.is((await managed.ask('POST', '/rd?ep=guard&lwm2m=1.1', '</3/0>')).code, '4.03');
  t.true(guard.mqtt.connected);
  t.deepEqual(await seen(), []);
});

test("nobody stops the gateway's own link for QoS -1", async (t) => {
  const { gateway, as, guard } = await house(t);
  await as('guard', 'isthmus-sn-anonymous').catch(() => {});
  const [nobody, device] = [await SnClient.at(gateway.snPort), await SnClient.at(gateway.snPort)];
  t.teardown(() => {
    nobody.close();
    device.close();
  });
  await device.tryConnect({ clientId: 'isthmus-sn-anonymous' });
  const publish = { type: 'PUBLISH', qos: -1, dup: false, retain: false, msgId: 0 } as const;
  nobody.send({ ...publish, topicIdType: 'predefined', topicId: 2, payload: Buffer.from('still here') });
  t.deepEqual(await guard.messages(1), ['open/drop 0 still here']);
});

test('QoS -1 is refused where nobody is let in without a user name', async (t) => {
  const { gateway } = await house(t, 'broker.allow_anonymous = false');
  const nobody = await SnClient.at(gateway.snPort);
  t.teardown(() => nobody.close());
  const publish = { type: 'PUBLISH', qos: -1, dup: false, retain: false, msgId: 0 } as const;
  nobody.send({ ...publish, topicIdType: 'predefined', topicId: 2, payload: Buffer.from('x') });
  t.is((await nobody.answer('PUBACK')).returnCode, 3);
});

test("nobody takes the gateway's own client id, whoever he is", async (t) => {
  const { gateway, as, guard } = await house(t);
  await t.throwsAsync(as('guard', 'isthmus-lwm2m'));
  await t.throwsAsync(TestClient.connect(gateway.mqtt, 'isthmus-lwm2m'));
  const device = await SnClient.at(gateway.snPort);
  t.not(await device.tryConnect({ clientId: 'isthmus-lwm2m' }), 0);
  device.close();
  const managed = await UdpDevice.at(gateway.coapPort);
  t.teardown(() => managed.close());
  t.is((await managed.ask('POST', '/rd?ep=isthmus-lwm2m&lwm2m=1.1', '</3/0>')).code, '4.03');
  // It still does its work.
  await guard.mqtt.publishAsync('lwm2m/none/command', '{"CmdID":1,"Command":"Read","BaseName":"/3/0/0"}', { qos: 1 });
  const until = Date.now() + 5000;
  const answered = (): boolean => guard.received.some((line) => line.startsWith('lwm2m/none/response '));
  while (!answered() && Date.now() < until) await guard.messages(guard.received.length + 1, 1000);
  t.true(answered());
});
