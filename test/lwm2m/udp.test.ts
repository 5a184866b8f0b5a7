import test from 'ava';
import { generate, parse } from 'coap-packet';
import type { Message } from '#src/broker/port.js';
import { CrashStore } from '../support/crash-store.js';
import { LockStep } from '../support/lockstep.js';
import { line, listening, type Manner, UdpDevice } from './support/udp-device.js';

interface Step {
  readonly title: string;
  readonly command: string;
  readonly request: string;
  readonly answer: Parameters<UdpDevice['answer']>[1];
  readonly result: string;
}

const steps: readonly Step[] = [
  {
    title: 'read',
    command: '{"CmdID":1,"Command":"Read","BaseName":"/3/0/0"}',
    request: 'GET /3/0/0 accept 11542',
    answer: { code: '2.05', contentFormat: 11542, payload: Buffer.from('c300454d51', 'hex') },
    result: '{"CmdID":1,"Command":"Read","Result":{"bn":"/3/0/0","e":[{"sv":"EMQ"}]}}',
  },
  {
    title: 'write',
    command: '{"CmdID":2,"Command":"Write","Value":{"bn":"/3/0/13","e":[{"v":12345}]}}',
    request: 'PUT /3/0/13 11542 c20d3039',
    answer: { code: '2.04' },
    result: '{"CmdID":2,"Command":"Write","Result":"Changed"}',
  },
  {
    title: 'execute',
    command: '{"CmdID":3,"Command":"Execute","BaseName":"/3/0/4","Arguments":"2,7"}',
    request: 'POST /3/0/4 0 322c37',
    answer: { code: '2.04' },
    result: '{"CmdID":3,"Command":"Execute","Result":"Changed"}',
  },
  {
    title: 'discover',
    command: '{"CmdID":4,"Command":"Discover","BaseName":"/3/0"}',
    request: 'GET /3/0 accept 40',
    answer: { code: '2.05', contentFormat: 40, payload: '</3/0>,</3/0/0>' },
    result: '{"CmdID":4,"Command":"Discover","Result":"</3/0>,</3/0/0>"}',
  },
  {
    title: 'write attributes',
    command: '{"CmdID":5,"Command":"Write-Attributes","BaseName":"/3/0/10","Value":"pmax=5&lt=1024"}',
    request: 'PUT /3/0/10?pmax=5&lt=1024',
    answer: { code: '2.04' },
    result: '{"CmdID":5,"Command":"Write-Attributes","Result":"Changed"}',
  },
  {
    title: 'create',
    command: '{"CmdID":6,"Command":"Create","Value":{"bn":"/5/7","e":[{"n":"1","sv":"x"}]}}',
    request: 'POST /5 11542 0307c10178',
    answer: { code: '2.01', location: ['5', '7'] },
    result: '{"CmdID":6,"Command":"Create","Result":"Created"}',
  },
  {
    title: 'delete',
    command: '{"CmdID":7,"Command":"Delete","BaseName":"/5/7"}',
    request: 'DELETE /5/7',
    answer: { code: '2.02' },
    result: '{"CmdID":7,"Command":"Delete","Result":"Deleted"}',
  },
  {
    title: 'an error of the device',
    command: '{"CmdID":8,"Command":"Read","BaseName":"/9/0"}',
    request: 'GET /9/0 accept 11542',
    answer: { code: '4.04' },
    result: '{"CmdID":8,"Command":"Read","Error":"Not Found"}',
  },
];

/** The next message on a topic, taken out. */
async function next(seen: Message[], topic: string): Promise<string> {
  for (let i = 0; i < 300; i += 1) {
    const index = seen.findIndex((message) => message.topic === topic);
    if (index >= 0) return seen.splice(index, 1)[0]?.payload.toString() ?? '';
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`nothing on ${topic}`);
}

for (const manner of ['piggybacked', 'separate'] satisfies Manner[]) {
  test(`each command of a device that answers ${manner}`, async (t) => {
    const { server, broker, port, seen } = await listening();
    const device = await UdpDevice.at(port);
    await device.register('ep');
    for (const { title, command, request, answer, result } of steps) {
      await broker.publish('lwm2m/ep/command', command);
      const received = await device.receive();
      t.is(line(received), request, title);
      await device.answer(received, answer, manner);
      t.is(await next(seen, 'lwm2m/ep/response'), result, title);
    }
    device.close();
    await server.stop();
  });

  test(`an observation of a device that answers ${manner}, through a change of its address`, async (t) => {
    const { server, broker, port, seen } = await listening();
    const device = await UdpDevice.at(port);
    const location = await device.register('ep');
    await broker.publish('lwm2m/ep/dn/dm', '{"reqID":8,"msgType":"observe","data":{"path":"/3/0/10"}}');
    const request = await device.receive();
    t.is(line(request), 'GET /3/0/10 accept 11542 observe 0');
    t.is(request.token.length, 8);
    await device.answer(request, { code: '2.05', observe: 1, contentFormat: 0, payload: '2048' }, manner);
    await device.confirmed(request.token, { code: '2.05', observe: 2, contentFormat: 0, payload: '2049' });
    t.regex(await next(seen, 'lwm2m/ep/up/notify'), /"msgType":"notify","seqNum":2,.*"value":2049/);
    const moved = await UdpDevice.at(port);
    t.is((await moved.ask('POST', location)).code, '2.04');
    await moved.confirmed(request.token, { code: '2.05', observe: 3, contentFormat: 0, payload: '2050' });
    t.regex(await next(seen, 'lwm2m/ep/up/notify'), /"seqNum":3,.*"value":2050/);
    await broker.publish('lwm2m/ep/dn/dm', '{"reqID":9,"msgType":"cancel-observe","data":{"path":"/3/0/10"}}');
    const end = await moved.receive();
    t.is(line(end), 'GET /3/0/10 accept 11542 observe 1');
    t.deepEqual(end.token, request.token);
    await moved.answer(end, { code: '2.05', contentFormat: 0, payload: '2051' }, manner);
    device.close();
    moved.close();
    await server.stop();
  });
}

test('register, update and deregister, each event after its answer', async (t) => {
  const { server, port, seen } = await listening();
  const device = await UdpDevice.at(port);
  const location = await device.register('urn:imei:123', '</>;rt="oma.lwm2m";ct=11543,</3/0>');
  t.regex(location, /^\/rd\/[\w-]{11}$/);
  t.regex(await next(seen, 'lwm2m/urn:imei:123/up/resp'), /"msgType":"register"/);
  t.is((await device.ask('POST', `${location}?lt=600`)).code, '2.04');
  t.regex(await next(seen, 'lwm2m/urn:imei:123/up/resp'), /"msgType":"update".*"lt":600/);
  t.is((await device.ask('DELETE', location)).code, '2.02');
  t.regex(await next(seen, 'lwm2m/urn:imei:123/up/resp'), /"msgType":"deregister"/);
  t.is((await device.ask('POST', location)).code, '4.04');
  t.is((await device.ask('POST', '/rd?ep=x&lwm2m=2.0', '</3/0>')).code, '4.12');
  t.is((await device.ask('GET', '/nothing')).code, '4.04');
  device.close();
  await server.stop();
});

test('a reset is an answer', async (t) => {
  const { server, broker, port, seen } = await listening();
  const device = await UdpDevice.at(port);
  await device.register('ep');
  await broker.publish('lwm2m/ep/command', '{"CmdID":1,"Command":"Read","BaseName":"/3/0/0"}');
  device.reset(await device.receive());
  t.is(await next(seen, 'lwm2m/ep/response'), '{"CmdID":1,"Command":"Read","Error":"Reset"}');
  device.close();
  await server.stop();
});

test('a device that asks for another format gets it', async (t) => {
  const { server, broker, port, seen } = await listening();
  const device = await UdpDevice.at(port);
  await device.register('ep', '</3/0>', 'lt=300&lwm2m=1.1&b=U');
  for (const accepts of [[112, 110], [110]]) {
    await broker.publish('lwm2m/ep/command', '{"CmdID":1,"Command":"Read","BaseName":"/3/0/0"}');
    for (const accept of accepts) {
      const request = await device.receive();
      t.is(line(request), `GET /3/0/0 accept ${accept}`);
      const payload = '[{"bn":"/3/0/0","vs":"EMQ"}]';
      await device.answer(
        request,
        accept === 112 ? { code: '4.06' } : { code: '2.05', contentFormat: 110, payload },
        'piggybacked',
      );
    }
    t.is(
      await next(seen, 'lwm2m/ep/response'),
      '{"CmdID":1,"Command":"Read","Result":{"bn":"/3/0/0","e":[{"sv":"EMQ"}]}}',
    );
  }
  device.close();
  await server.stop();
});

test('after a crash a device goes on: notification, update, a command that waited, the end of the observation', async (t) => {
  const store = new CrashStore();
  const before = await listening({ commandTimeoutMs: 1000 }, store);
  const device = await UdpDevice.at(before.port);
  const location = await device.register('ep', '</3/0>', 'lt=300&b=UQ');
  await before.broker.publish('lwm2m/ep/dn/dm', '{"reqID":8,"msgType":"observe","data":{"path":"/3/0/10"}}');
  const request = await device.receive();
  await device.answer(request, { code: '2.05', observe: 1, contentFormat: 0, payload: '2048' }, 'piggybacked');
  await next(before.seen, 'lwm2m/ep/up/resp');
  await before.broker.publish('lwm2m/ep/dn/dm', '{"reqID":9,"msgType":"read","data":{"path":"/3/0/0"}}');
  await device.receive();
  const kept = store.crash();
  await before.server.stop();

  const after = await listening({}, kept, before.port);
  const read = await device.receive();
  t.is(line(read), 'GET /3/0/0 accept 11542', 'sent again at once');
  await device.answer(read, { code: '2.05', contentFormat: 0, payload: 'x' }, 'piggybacked');
  t.regex(await next(after.seen, 'lwm2m/ep/up/resp'), /"reqID":9,.*"value":"x"/);
  await device.confirmed(request.token, { code: '2.05', observe: 2, contentFormat: 0, payload: '2049' });
  t.regex(await next(after.seen, 'lwm2m/ep/up/notify'), /"seqNum":2,.*"value":2049/);
  t.is((await device.ask('POST', location)).code, '2.04');
  await after.broker.publish('lwm2m/ep/dn/dm', '{"reqID":9,"msgType":"cancel-observe","data":{"path":"/3/0/10"}}');
  const end = await device.receive();
  t.is(line(end), 'GET /3/0/10 accept 11542 observe 1');
  t.deepEqual(end.token, request.token);
  await device.answer(end, { code: '2.05', contentFormat: 0, payload: '2050' }, 'separate');
  t.is((await device.ask('DELETE', location)).code, '2.02');
  t.is(kept.count('lwm2m.registrations') + kept.count('lwm2m.observations') + kept.count('lwm2m.commands'), 0);
  device.close();
  await after.server.stop();
});

test('conditions are not understood, so nothing is done on them [RFC 7252 5.4.1, 5.10.8]', async (t) => {
  const { server, port, metrics } = await listening();
  t.teardown(() => server.stop());
  const wire = await LockStep.to(port);
  t.teardown(() => wire.close());
  let messageId = 0;
  for (const name of ['If-Match', 'If-None-Match'] as const) {
    for (const path of ['rd', 'dp']) {
      messageId += 1;
      const options = [
        { name, value: Buffer.alloc(0) },
        { name: 'Uri-Path' as const, value: Buffer.from(path) },
        { name: 'Uri-Query' as const, value: Buffer.from('ep=ep') },
      ];
      wire.send(generate({ code: 'POST', confirmable: true, messageId, token: Buffer.of(messageId), options }));
      t.is(parse(await wire.receive()).code, '4.02', `${name} on /${path}`);
    }
  }
  t.is(server.size, 0);
  t.is(metrics.counter('coap.bad_options').value, 4);
});
