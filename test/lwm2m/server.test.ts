import test from 'ava';
import { BrokerRefusal } from '#src/broker/port.js';
import { MemoryPeer } from '../support/memory-port.js';
import { text, World } from './support/world.js';

const read = '{"reqID":1,"msgType":"read","data":{"path":"/3/0/0"}}';
const execute = '{"reqID":2,"msgType":"execute","data":{"path":"/3/0/4"}}';
const readAnswer = (code: string, codeMsg: string): string =>
  `{"reqID":1,"msgType":"read","data":{"reqPath":"/3/0/0","code":"${code}","codeMsg":"${codeMsg}"}}`;

test('a registration is answered with its location, one segment each, and told', async (t) => {
  const world = await World.start();
  const reply = await world.register('urn:oma:lwm2m:oma:3', {
    query: ['lt=345', 'lwm2m=1', 'b=U', 'password=hush'],
    links: '</1>,</2>,</3>,</4>,</5>',
  });
  t.is(reply.code, '2.01');
  t.deepEqual(reply.location, ['rd', 'AQEBAQEBAQE']);
  t.deepEqual(world.published(), [
    [
      'lwm2m/urn:oma:lwm2m:oma:3/up/resp',
      '{"msgType":"register","data":{"alternatePath":"/","ep":"urn:oma:lwm2m:oma:3","lt":345,"lwm2m":"1","b":"U","objectList":["/1","/2","/3","/4","/5"]}}',
    ],
  ]);
  t.deepEqual(world.broker.connected, ['isthmus-lwm2m', 'urn:oma:lwm2m:oma:3']);
});

test('an update is answered and told whole, a deregistration ends it', async (t) => {
  const world = await World.start();
  const path = await world.registered('ep', { query: ['lwm2m=1.1', 'b=U'] });
  const peer = new MemoryPeer('peer of ep');
  t.is((await world.coap.receive(peer, { method: 'POST', path, query: ['lt=789'] })).code, '2.04');
  t.deepEqual(world.published(), [
    [
      'lwm2m/ep/up/resp',
      '{"msgType":"update","data":{"alternatePath":"/","ep":"ep","lt":789,"lwm2m":"1.1","b":"U","objectList":["/1/0","/3/0"]}}',
    ],
  ]);
  t.is((await world.coap.receive(peer, { method: 'DELETE', path })).code, '2.02');
  t.deepEqual(world.published(), [['lwm2m/ep/up/resp', '{"msgType":"deregister","data":{"ep":"ep"}}']]);
  t.deepEqual(world.broker.connected, ['isthmus-lwm2m']);
  t.is((await world.coap.receive(peer, { method: 'DELETE', path })).code, '4.04');
  t.is((await world.coap.receive(peer, { method: 'POST', path })).code, '4.04');
});

test('updates without an object list may be left untold', async (t) => {
  const world = await World.start({ updatePublishCondition: 'contains_object_list' });
  const path = await world.registered('ep');
  const peer = new MemoryPeer('peer of ep');
  await world.coap.receive(peer, { method: 'POST', path, query: ['lt=99'] });
  t.deepEqual(world.published(), []);
  await world.coap.receive(peer, { method: 'POST', path, payload: Buffer.from('</6>') });
  t.is(world.published().length, 1);
});

test('what is not there', async (t) => {
  const world = await World.start();
  const path = await world.registered('ep');
  const peer = new MemoryPeer('peer of ep');
  const codeOf = async (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string[]): Promise<string> =>
    (await world.coap.receive(peer, { method, path })).code;
  t.is(await codeOf('GET', []), '4.04');
  t.is(await codeOf('GET', ['rd']), '4.05');
  t.is(await codeOf('GET', path), '4.05');
  t.is(await codeOf('PUT', path), '4.05');
  t.is(await codeOf('POST', [...path, 'x']), '4.04');
  t.is(await codeOf('POST', ['rd', 'unknown']), '4.04');
  t.is(await codeOf('DELETE', ['rd', 'unknown']), '4.04');
  t.is(await codeOf('GET', ['dp']), '4.05');
});

test('a lifetime ends without an update, and begins anew with each', async (t) => {
  const world = await World.start();
  const path = await world.registered('ep', { query: ['lt=60'] });
  const peer = new MemoryPeer('peer of ep');
  world.clock.advance(59_000);
  await world.coap.receive(peer, { method: 'POST', path });
  world.published();
  world.clock.advance(59_999);
  t.is(world.server.size, 1);
  world.clock.advance(1);
  t.is(world.server.size, 0);
  t.deepEqual(world.published(), [['lwm2m/ep/up/resp', '{"msgType":"expired","data":{"ep":"ep"}}']]);
  t.is((await world.coap.receive(peer, { method: 'POST', path })).code, '4.04');
  t.deepEqual(world.broker.connected, ['isthmus-lwm2m']);
});

test('a new registration of the same endpoint replaces the old, and inherits what waits', async (t) => {
  const world = await World.start();
  const path = await world.registered('ep');
  await world.command('lwm2m/ep/dn/dm', read);
  await world.command('lwm2m/ep/dn/dm', execute);
  const old = world.coap.next();
  const reply = await world.register('ep', { peer: new MemoryPeer('elsewhere') });
  t.notDeepEqual(reply.location, path);
  t.is((await world.coap.receive(new MemoryPeer('peer of ep'), { method: 'POST', path })).code, '4.04');
  t.is(world.server.size, 1);
  t.deepEqual(world.broker.connected, ['isthmus-lwm2m', 'ep']);
  world.published();
  old.answer({ code: '2.05', ...text('late') });
  await world.settled();
  t.deepEqual(world.published(), []);
  t.is(world.coap.next().peer.key, 'elsewhere');
  await world.answer({ code: '4.04' });
  await world.answer({ code: '2.04' });
  t.deepEqual(
    world.published().map(([, answer]) => answer),
    [
      readAnswer('4.04', 'not_found'),
      '{"reqID":2,"msgType":"execute","data":{"reqPath":"/3/0/4","code":"2.04","codeMsg":"changed"}}',
    ],
  );
});

test('a name that does not belong to the identity is refused', async (t) => {
  const world = await World.start();
  const psk = (identity: string, endpoint?: string): MemoryPeer =>
    new MemoryPeer(identity, { kind: 'psk', identity, ...(endpoint === undefined ? {} : { endpoint }) });
  t.is((await world.register('ep', { peer: psk('other') })).code, '4.03');
  t.is((await world.register('ep', { peer: psk('ep') })).code, '2.01');
  t.is((await world.register('bound', { peer: psk('key-7', 'bound') })).code, '2.01');
  t.is(world.metrics.counter('lwm2m.refused_names').value, 1, 'and the log says why');
});

test('who has proven an identity yields only to it', async (t) => {
  const world = await World.start({ bindIdentity: 'off' });
  const psk = (key: string, identity: string): MemoryPeer => new MemoryPeer(key, { kind: 'psk', identity });
  const path = await world.registered('ep', { peer: psk('a', 'one') });
  t.is((await world.register('ep', { peer: psk('a', 'two') })).code, '4.03');
  t.is((await world.register('ep', { peer: new MemoryPeer('a') })).code, '4.03');
  t.is((await world.coap.receive(psk('b', 'two'), { method: 'POST', path })).code, '4.04');
  t.is((await world.coap.receive(new MemoryPeer('a'), { method: 'DELETE', path })).code, '4.04');
  t.is((await world.coap.receive(psk('b', 'one'), { method: 'POST', path })).code, '2.04');
  t.is((await world.register('ep', { peer: psk('c', 'one') })).code, '2.01');
});

test('an update from another address moves the registration, where that is allowed', async (t) => {
  const world = await World.start();
  const path = await world.registered('ep');
  await world.command('lwm2m/ep/dn/dm', read);
  t.is((await world.coap.receive(new MemoryPeer('new'), { method: 'POST', path })).code, '2.04');
  t.deepEqual(world.coap.forgotten, ['peer of ep']);
  await world.settled();
  t.is(world.coap.next().peer.key, 'new');
  const strict = await World.start({ rebindOnUdp: false });
  const kept = await strict.registered('ep');
  t.is((await strict.coap.receive(new MemoryPeer('new'), { method: 'POST', path: kept })).code, '4.04');
});

test('a command that may not be done twice is not repeated at the new address', async (t) => {
  const world = await World.start();
  const path = await world.registered('ep');
  await world.command('lwm2m/ep/dn/dm', execute);
  await world.coap.receive(new MemoryPeer('new'), { method: 'POST', path });
  await world.settled();
  t.is(world.coap.sent.length, 0);
  t.true(world.published().some(([, answer]) => answer.includes('"code":"6.09"')));
});

test('commands wait until the device has the answer to its registration and to its update', async (t) => {
  const world = await World.start();
  const peer = new MemoryPeer('p');
  const request = { method: 'POST', path: ['rd'], query: ['ep=ep'], payload: Buffer.from('</3/0>') } as const;
  const reply = await world.coap.receiveUnsent(peer, request);
  await world.command('lwm2m/ep/dn/dm', read);
  t.is(world.coap.sent.length, 0);
  t.deepEqual(world.published(), []);
  reply.sent?.();
  t.is(world.coap.sent.length, 1);
  await world.answer({ code: '4.04' });
  const update = await world.coap.receiveUnsent(peer, { method: 'POST', path: [...(reply.location ?? [])] });
  await world.command('lwm2m/ep/dn/dm', read);
  t.is(world.coap.sent.length, 0);
  update.sent?.();
  t.is(world.coap.sent.length, 1);
});

test('one command is in flight, the others follow in order, and too many are refused', async (t) => {
  const world = await World.start({ queueLimit: 2 });
  await world.registered('ep');
  const number = (n: number): string => `{"CmdID":${n},"Command":"Execute","BaseName":"/3/0/4"}`;
  for (let n = 1; n <= 4; n += 1) await world.command('lwm2m/ep/command', number(n));
  t.is(world.coap.sent.length, 1);
  t.deepEqual(world.published(), [['lwm2m/ep/response', '{"CmdID":4,"Command":"Execute","Error":"Queue Full"}']]);
  for (let n = 1; n <= 3; n += 1) await world.answer({ code: '2.04' });
  t.deepEqual(
    world.published().map(([, answer]) => answer),
    [1, 2, 3].map((n) => `{"CmdID":${n},"Command":"Execute","Result":"Changed"}`),
  );
});

test('no answer, RST, and an answer too large', async (t) => {
  const world = await World.start();
  await world.registered('ep');
  for (const [failure, code, codeMsg, title] of [
    ['TIMEOUT', '5.04', 'gateway_timeout', 'Timeout'],
    ['RESET', '6.01', 'reset', 'Reset'],
    ['TOO_LARGE', '6.08', 'too_large', 'Too Large'],
    ['PROTOCOL', '6.07', 'bad_answer', 'Bad Answer'],
  ] as const) {
    await world.command('lwm2m/ep/dn/dm', read);
    world.coap.next().fail(failure);
    await world.settled();
    await world.command('lwm2m/ep/command', '{"CmdID":6,"Command":"Read","BaseName":"/3/0/0"}');
    world.coap.next().fail(failure);
    await world.settled();
    t.deepEqual(world.published(), [
      ['lwm2m/ep/up/resp', readAnswer(code, codeMsg)],
      ['lwm2m/ep/response', `{"CmdID":6,"Command":"Read","Error":"${title}"}`],
    ]);
  }
});

test('a command is answered when its time is over, and the next one goes', async (t) => {
  const world = await World.start({ commandTimeoutMs: 5000 });
  await world.registered('ep');
  await world.command('lwm2m/ep/dn/dm', read);
  await world.command('lwm2m/ep/dn/dm', execute);
  world.clock.advance(4999);
  t.deepEqual(world.published(), []);
  t.is(world.coap.sent.length, 1);
  world.clock.advance(1);
  await world.settled();
  t.deepEqual(world.published(), [['lwm2m/ep/up/resp', readAnswer('5.04', 'gateway_timeout')]]);
  t.is(world.request(), 'POST /3/0/4');
  await world.answer({ code: '2.04' });
  t.is(world.published().length, 1);
});

test('an empty acknowledgement is told in the msgType dialect', async (t) => {
  const world = await World.start();
  await world.registered('ep');
  await world.command('lwm2m/ep/dn/dm', read);
  world.coap.next().request.acknowledged?.();
  t.deepEqual(world.published(), [['lwm2m/ep/up/resp', '{"reqID":1,"msgType":"ack","data":{"path":"/3/0/0"}}']]);
});

test('a command to nobody is answered', async (t) => {
  const world = await World.start();
  const path = await world.registered('ep');
  await world.command('lwm2m/other/command', '{"CmdID":6,"Command":"Read","BaseName":"/3/0/0"}');
  await world.command('lwm2m/other/dn/dm', read);
  await world.command('lwm2m/other/dn/dm', 'nonsense');
  const published = world.published();
  t.deepEqual(published.slice(0, 2), [
    ['lwm2m/other/response', '{"CmdID":6,"Command":"Read","Error":"Not Registered"}'],
    ['lwm2m/other/up/resp', readAnswer('6.02', 'not_registered')],
  ]);
  t.is(published.length, 3);
  await world.command('lwm2m/ep/dn/dm', read);
  await world.command('lwm2m/ep/dn/dm', execute);
  await world.coap.receive(new MemoryPeer('peer of ep'), { method: 'DELETE', path });
  t.deepEqual(
    world.published().map(([, answer]) => answer.includes('"code":"6.02"') || answer.includes('deregister')),
    [true, true, true],
  );
});

test('a retained command is no reason for an answer', async (t) => {
  const world = await World.start();
  await world.broker.publish('lwm2m/other/dn/dm', read, { retain: true });
  world.published();
  world.broker.end('isthmus-lwm2m', 'lost');
  world.clock.advance(1000);
  await world.settled();
  t.deepEqual(world.broker.connected, ['isthmus-lwm2m']);
  t.deepEqual(world.published(), []);
});

test('devices may subscribe to their commands themselves', async (t) => {
  const world = await World.start({ commandSubscription: 'device' });
  await world.registered('ep');
  t.deepEqual(world.broker.subscriptionsOf('ep'), ['lwm2m/ep/command', 'lwm2m/ep/dn/#']);
  await world.command('lwm2m/ep/dn/dm', read);
  await world.command('lwm2m/other/dn/dm', read);
  t.is(world.coap.sent.length, 1);
  t.deepEqual(world.published(), [['lwm2m/other/up/resp', readAnswer('6.02', 'not_registered')]]);
  const silent = await World.start({ commandSubscription: 'device', answerUnregistered: false });
  t.deepEqual(silent.broker.subscriptionsOf('isthmus-lwm2m'), []);
});

test('the broker may refuse a device, end its link, or lose it', async (t) => {
  const world = await World.start();
  world.broker.refuse = ({ clientId, username, password }) => {
    if (clientId === 'down') return new BrokerRefusal('UNAVAILABLE', 'not now');
    if (clientId !== 'secret' || (username === '7' && password?.toString() === 'pw')) return undefined;
    return new BrokerRefusal('BAD_CREDENTIALS', 'no');
  };
  t.is((await world.register('secret')).code, '4.03');
  t.is((await world.register('secret', { query: ['imei=7', 'password=pw'] })).code, '2.01');
  t.is((await world.register('down')).code, '5.03');
  t.is((await world.register('isthmus-lwm2m')).code, '4.03');
  await world.registered('ep');
  world.broker.end('secret', 'kicked');
  t.deepEqual(world.published(), [['lwm2m/secret/up/resp', '{"msgType":"kicked","data":{"ep":"secret"}}']]);
  t.is(world.server.size, 1);
  world.broker.end('ep', 'lost');
  t.is(world.server.size, 1);
  world.clock.advance(1000);
  await world.settled();
  t.deepEqual(world.broker.connected, ['isthmus-lwm2m', 'ep']);
});

test('of two registrations of an endpoint at once the later one counts', async (t) => {
  const world = await World.start();
  const [first, second] = await Promise.all([
    world.register('ep', { peer: new MemoryPeer('a') }),
    world.register('ep', { peer: new MemoryPeer('b') }),
  ]);
  t.deepEqual([first.code, second.code], ['5.03', '2.01']);
  t.is(world.server.size, 1);
  t.deepEqual(world.broker.connected, ['isthmus-lwm2m', 'ep']);
});

test('names that MQTT would misread stay in their topics', async (t) => {
  const world = await World.start();
  await world.registered('a/#');
  await world.command('lwm2m/a%2F%23/dn/dm', read);
  await world.answer({ code: '4.04' });
  t.deepEqual(world.published(), [['lwm2m/a%2F%23/up/resp', readAnswer('4.04', 'not_found')]]);
});

test('a reason is given only where it makes the answer no longer than the question', async (t) => {
  const world = await World.start();
  const peer = new MemoryPeer('p');
  t.is((await world.coap.receive(peer, { method: 'POST', path: ['rd'] })).payload, undefined);
  const long = await world.coap.receive(peer, {
    method: 'POST',
    path: ['rd'],
    payload: Buffer.from('</3/0>,</1/0>,</4/0>'),
  });
  t.is(long.payload?.toString(), 'ep is missing');
});

test('another root stands before every path on the device', async (t) => {
  const world = await World.start();
  await world.register('ep', { links: '</lwm2m>;rt="oma.lwm2m",</lwm2m/3/0>' });
  t.true(world.published()[0]?.[1].includes('"alternatePath":"/lwm2m"'));
  await world.command('lwm2m/ep/dn/dm', read);
  t.is(world.request(), 'GET /lwm2m/3/0/0 accept 11542');
  await world.answer({ code: '2.05', ...text('x') });
  t.true(world.published()[0]?.[1].includes('"path":"/3/0/0"'));
});

test('stop ends everything', async (t) => {
  const world = await World.start();
  await world.registered('ep');
  await world.command('lwm2m/ep/dn/dm', read);
  await world.server.stop();
  await world.server.stop();
  t.deepEqual(world.broker.connected, []);
  t.deepEqual(world.clock.waiting, []);
});
