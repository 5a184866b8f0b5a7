import test from 'ava';
import { MemoryPeer } from '../support/memory-port.js';
import type { FakeObservation } from './support/fake-coap.js';
import { World } from './support/world.js';

const paths = '["/3/0/0","/3/0/9","/1/0/1"]';
const pathList = '83a100662f332f302f30a100662f332f302f39a100662f312f302f31';
const values = '[{"n":"/3/0/0","vs":"EMQ"},{"n":"/1/0/1","v":60}]';
const json = (text: string) => ({ contentFormat: 110, payload: Buffer.from(text) });
const content = '"content":[{"path":"/3/0/0","value":"EMQ"},{"path":"/1/0/1","value":60}]';
const command = (msgType: string): string => `{"reqID":1,"msgType":"${msgType}","data":{"paths":${paths}}}`;
const answer = (msgType: string): string =>
  `{"reqID":1,"msgType":"${msgType}","data":{"reqPath":${paths},"code":"2.05","codeMsg":"content",${content}}}`;

async function world(): Promise<World> {
  const it = await World.start();
  await it.registered('ep', { query: ['lwm2m=1.1', 'b=U'] });
  return it;
}

test('many paths are read at once', async (t) => {
  const it = await world();
  await it.command('lwm2m/ep/dn/dm', command('read-composite'));
  t.is(it.request(), `FETCH / 112 ${pathList} accept 112`);
  await it.answer({ code: '2.05', ...json(values) });
  t.deepEqual(it.published(), [['lwm2m/ep/up/resp', answer('read-composite')]]);
});

test('a device without SenML CBOR is asked in JSON, one without both not at all', async (t) => {
  const it = await world();
  await it.command('lwm2m/ep/dn/dm', command('read-composite'));
  await it.answer({ code: '4.15' });
  t.regex(it.request(), /^FETCH \/ 110 .* accept 110$/);
  await it.answer({ code: '4.06' });
  t.regex(it.published()[0]?.[1] ?? '', /"reason":"the device has refused every content format"/);
});

test('an unknown object among many marks the answer', async (t) => {
  const it = await world();
  await it.command('lwm2m/ep/dn/dm', command('read-composite'));
  await it.answer({ code: '2.05', ...json('[{"n":"/3/0/0","vs":"EMQ"},{"n":"/31024/0/1","v":60}]') });
  t.regex(it.published()[0]?.[1] ?? '', /"codeMsg":"no_object_definition".*"\/31024\/0\/1"/);
});

test('values of several objects are written at once', async (t) => {
  const it = await world();
  await it.command(
    'lwm2m/ep/dn/dm',
    '{"reqID":1,"msgType":"write-composite","data":{"content":[{"path":"/3/0/14","value":"+02"},{"path":"/1/0/1","value":60}]}}',
  );
  const request = it.request();
  t.true(request.startsWith('iPATCH / 112 '), request);
  await it.answer({ code: '2.04' });
  t.deepEqual(it.published(), [
    [
      'lwm2m/ep/up/resp',
      '{"reqID":1,"msgType":"write-composite","data":{"reqPath":"/","code":"2.04","codeMsg":"changed"}}',
    ],
  ]);
});

test('many paths are observed by one relation, until its end', async (t) => {
  const it = await world();
  await it.command('lwm2m/ep/dn/dm', command('observe-composite'));
  t.is(it.request(), `FETCH / 112 ${pathList} accept 112 observe 0`);
  await it.answer({ code: '2.05', observe: 1, ...json(values) });
  t.deepEqual(it.published(), [['lwm2m/ep/up/resp', answer('observe-composite')]]);
  (it.coap.observations[0] as FakeObservation).notify({ observe: 2, ...json(values) });
  t.deepEqual(it.published(), [['lwm2m/ep/up/notify', answer('notify').replace('"notify",', '"notify","seqNum":2,')]]);
  await it.command(
    'lwm2m/ep/dn/dm',
    '{"reqID":1,"msgType":"cancel-observe-composite","data":{"paths":["/1/0/1","/3/0/0","/3/0/9"]}}',
  );
  t.regex(it.request(), /^FETCH \/ .* observe 1$/);
  await it.answer({ code: '2.05', ...json(values) });
  t.regex(it.published()[0]?.[1] ?? '', /"msgType":"cancel-observe-composite".*"code":"2.05"/);
});

test('what a device sends on its own is told with its times', async (t) => {
  const it = await world();
  const peer = new MemoryPeer('peer of ep');
  const payload = Buffer.from('[{"bn":"/3303/0/5700","bt":1699877805.766,"v":-128.5},{"t":1,"v":-39}]');
  const send = (contentFormat?: number) =>
    it.coap.receive(peer, {
      method: 'POST',
      path: ['dp'],
      payload,
      ...(contentFormat === undefined ? {} : { contentFormat }),
    });
  t.is((await send(110)).code, '2.04');
  t.deepEqual(it.published(), [
    [
      'lwm2m/ep/up/notify',
      '{"msgType":"send","data":{"content":[{"path":"/3303/0/5700","value":-128.5,"time":1699877805766},{"path":"/3303/0/5700","value":-39,"time":1699877806766}]}}',
    ],
  ]);
  t.is((await send(112)).code, '4.00');
  t.is((await send()).code, '4.15');
  const stranger = new MemoryPeer('stranger');
  t.is((await it.coap.receive(stranger, { method: 'POST', path: ['dp'], payload, contentFormat: 110 })).code, '4.04');
});

test('Send of endpoints that share an address, and of one at a new address', async (t) => {
  const it = await World.start();
  const shared = new MemoryPeer('shared');
  const payload = Buffer.from('[{"n":"/3303/0/5700","v":21}]');
  const from = async (peer: MemoryPeer): Promise<string | undefined> => {
    await it.coap.receive(peer, { method: 'POST', path: ['dp'], payload, contentFormat: 110 });
    return it.published()[0]?.[0];
  };
  const first = await it.registered('a', { peer: shared, links: '</3303/0>' });
  await it.registered('b', { peer: shared, links: '</3303/0>' });
  await it.registered('c', { peer: shared, links: '</3/0>' });
  t.is(await from(shared), 'lwm2m/b/up/notify', 'the last that has the object');
  await it.coap.receive(shared, { method: 'POST', path: first });
  it.published();
  t.is(await from(shared), 'lwm2m/a/up/notify', 'the last that was heard');
  await it.coap.receive(shared, { method: 'DELETE', path: first });
  it.published();
  t.is(await from(shared), 'lwm2m/b/up/notify', 'one that is left');
  const identity = { kind: 'psk', identity: 'd' } as const;
  await it.registered('d', { peer: new MemoryPeer('session 1', identity) });
  t.is(await from(new MemoryPeer('session 2', identity)), 'lwm2m/d/up/notify', 'the same identity');
  t.is(await from(new MemoryPeer('session 3', { kind: 'psk', identity: 'e' })), undefined);
});

const removing =
  '{"reqID":1,"msgType":"write-composite","data":{"content":[{"path":"/3/0/14","value":"+02"},{"path":"/2/0/2/1","value":null}]}}';

test('null takes a resource instance away, in a format that can say so', async (t) => {
  const it = await World.start();
  await it.registered('ep', { query: ['lwm2m=1.2', 'b=U'] });
  await it.command('lwm2m/ep/dn/dm', removing);
  t.is(it.request(), 'iPATCH / 322 82a200672f332f302f3134 03632b3032a200682f322f302f322f31 02f6'.replaceAll(' 0', '0'));
  await it.answer({ code: '4.15' });
  t.is(
    it.request(),
    `iPATCH / 320 ${Buffer.from('[{"n":"/3/0/14","vs":"+02"},{"n":"/2/0/2/1","v":null}]').toString('hex')}`,
  );
  await it.answer({ code: '4.15' });
  t.is(it.request(), 'iPATCH / 11544 a203a100a10e632b303202a100a102a101f6');
  await it.answer({ code: '2.04' });
  t.regex(it.published()[0]?.[1] ?? '', /"code":"2.04"/);
  await it.command('lwm2m/ep/dn/dm', removing);
  t.true(it.request().startsWith('iPATCH / 11544 '), 'remembered');
  await it.answer({ code: '4.15' });
  t.regex(it.published()[0]?.[1] ?? '', /"reason":"the device has refused every content format"/);
});

test('null is for resource instances, and for devices of 1.2', async (t) => {
  const it = await world();
  await it.command('lwm2m/ep/dn/dm', removing);
  t.regex(it.published()[0]?.[1] ?? '', /"code":"4.00".*"reason":"null removes .* only since LwM2M 1.2/);
  await it.command('lwm2m/ep/dn/dm', removing.replace('/2/0/2/1', '/2/0/2'));
  t.regex(it.published()[0]?.[1] ?? '', /"reason":"data.content.1.value: only resource instances can be removed"/);
  await it.command('lwm2m/ep/dn/dm', '{"reqID":1,"msgType":"write","data":{"path":"/2/0/2/1","value":null}}');
  t.regex(it.published()[0]?.[1] ?? '', /"code":"4.00".*"reason":"data.value: /);
  t.is(it.coap.sent.length, 0);
});
