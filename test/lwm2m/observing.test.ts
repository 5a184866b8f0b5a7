import test from 'ava';
import { MemoryPeer } from '../support/memory-port.js';
import type { FakeObservation } from './support/fake-coap.js';
import { text, World } from './support/world.js';

const observe = (id: number, path = '/3/0/10'): string =>
  `{"reqID":${id},"msgType":"observe","data":{"path":"${path}"}}`;
const cancel = '{"reqID":9,"msgType":"cancel-observe","data":{"path":"/3/0/10"}}';
const observeCmdId = '{"CmdID":307,"Command":"Observe","BaseName":"/3/0/10"}';
const content = (value: number): string =>
  `"data":{"reqPath":"/3/0/10","code":"2.05","codeMsg":"content","content":[{"path":"/3/0/10","value":${value}}]}`;
const result = (value: number): string =>
  `{"CmdID":307,"Command":"Observe","Result":{"bn":"/3/0/10","e":[{"v":${value}}]}}`;

async function observing(world: World, topic: string, command: string, value = 1): Promise<FakeObservation> {
  await world.command(topic, command);
  await world.answer({ code: '2.05', observe: 1, ...text(String(value)) });
  return world.coap.observations.at(-1) as FakeObservation;
}

test('notifications in the CmdID dialect have the answer itself for their form', async (t) => {
  const world = await World.start();
  await world.registered('ep');
  const relation = await observing(world, 'lwm2m/ep/command', observeCmdId, 2048);
  relation.notify({ observe: 5, ...text('2049') });
  relation.notify({ observe: 6, ...text('2050') });
  t.deepEqual(
    world.published(),
    [2048, 2049, 2050].map((value) => ['lwm2m/ep/response', result(value)]),
  );
});

test('notifications in the msgType dialect carry their sequence, on their own topic', async (t) => {
  const world = await World.start();
  await world.registered('ep');
  const relation = await observing(world, 'lwm2m/ep/dn/dm', observe(8));
  world.published();
  relation.notify({ observe: 3, ...text('2') });
  t.deepEqual(world.published(), [['lwm2m/ep/up/notify', `{"reqID":8,"msgType":"notify","seqNum":3,${content(2)}}`]]);
});

test('a device that does not observe answers the value once', async (t) => {
  const world = await World.start();
  await world.registered('ep');
  await world.command('lwm2m/ep/dn/dm', observe(8));
  await world.answer({ code: '2.05', ...text('1') });
  t.is(world.published().length, 1);
  t.is(world.coap.observations.length, 0);
});

test('the end of an observation is asked of the device and answered with its value', async (t) => {
  const world = await World.start();
  await world.registered('ep');
  const relation = await observing(world, 'lwm2m/ep/dn/dm', observe(8));
  world.published();
  await world.command('lwm2m/ep/dn/dm', cancel);
  t.is(world.request(), 'GET /3/0/10 accept 11542 observe 1');
  await world.answer({ code: '2.05', ...text('7') });
  t.deepEqual(world.published(), [['lwm2m/ep/up/resp', `{"reqID":9,"msgType":"cancel-observe",${content(7)}}`]]);
  relation.notify({ observe: 3, ...text('2') });
  t.deepEqual(world.published(), []);
  await world.command('lwm2m/ep/dn/dm', cancel);
  t.deepEqual(world.published(), [
    [
      'lwm2m/ep/up/resp',
      '{"reqID":9,"msgType":"cancel-observe","data":{"reqPath":"/3/0/10","code":"6.05","codeMsg":"not_observed"}}',
    ],
  ]);
});

test('applications of both dialects observe one path by one relation', async (t) => {
  const world = await World.start();
  await world.registered('ep');
  const first = await observing(world, 'lwm2m/ep/command', observeCmdId);
  const second = await observing(world, 'lwm2m/ep/dn/dm', observe(8));
  t.true(first.forgotten);
  world.published();
  first.notify({ observe: 1, ...text('5') });
  t.deepEqual(world.published(), []);
  second.notify({ observe: 2, ...text('6') });
  t.deepEqual(world.published(), [
    ['lwm2m/ep/response', result(6)],
    ['lwm2m/ep/up/notify', `{"reqID":8,"msgType":"notify","seqNum":2,${content(6)}}`],
  ]);
  await world.command('lwm2m/ep/dn/dm', cancel);
  t.is(world.request(), 'GET /3/0/10 accept 11542');
  await world.answer({ code: '2.05', ...text('7') });
  world.published();
  second.notify({ observe: 3, ...text('8') });
  t.deepEqual(world.published(), [['lwm2m/ep/response', result(8)]]);
});

test('observing again replaces the relation', async (t) => {
  const world = await World.start();
  await world.registered('ep');
  const first = await observing(world, 'lwm2m/ep/dn/dm', observe(8));
  const second = await observing(world, 'lwm2m/ep/dn/dm', observe(10));
  t.deepEqual([first.forgotten, second.forgotten], [true, false]);
  world.published();
  second.notify({ observe: 2, ...text('6') });
  t.true(world.published()[0]?.[1].startsWith('{"reqID":10,'));
});

test('an error ends an observation, and is told', async (t) => {
  const world = await World.start();
  await world.registered('ep');
  const relation = await observing(world, 'lwm2m/ep/dn/dm', observe(8));
  world.published();
  relation.notify({ code: '4.04' });
  t.deepEqual(world.published(), [
    [
      'lwm2m/ep/up/notify',
      '{"reqID":8,"msgType":"notify","seqNum":0,"data":{"reqPath":"/3/0/10","code":"4.04","codeMsg":"not_found"}}',
    ],
  ]);
  t.true(relation.forgotten);
});

test('an observation belongs to its registration: it moves with it and ends with it', async (t) => {
  const world = await World.start();
  const path = await world.registered('ep');
  const before = await observing(world, 'lwm2m/ep/dn/dm', observe(8));
  await world.coap.receive(new MemoryPeer('moved'), { method: 'POST', path });
  const relation = world.coap.observations.at(-1) as FakeObservation;
  t.not(relation, before);
  t.true(relation.owns(new MemoryPeer('moved')));
  t.false(relation.owns(new MemoryPeer('moved', { kind: 'psk', identity: 'other' })));
  world.published();
  relation.notify({ observe: 3, ...text('2') });
  t.is(world.published().length, 1);
  await world.command('lwm2m/ep/dn/dm', cancel);
  t.is(world.coap.next().peer.key, 'moved');
  await world.answer({ code: '2.05', ...text('7') });
  const next = await observing(world, 'lwm2m/ep/dn/dm', observe(8));
  await world.registered('ep');
  t.true(next.forgotten);
  const last = await observing(world, 'lwm2m/ep/dn/dm', observe(8));
  world.clock.advance(300_000);
  t.true(last.forgotten);
  t.is(world.server.size, 0);
});

test('a strict gateway takes notifications from the registered address only', async (t) => {
  const world = await World.start({ rebindOnUdp: false });
  await world.registered('ep');
  const relation = await observing(world, 'lwm2m/ep/dn/dm', observe(8));
  t.true(relation.owns(new MemoryPeer('peer of ep')));
  t.false(relation.owns(new MemoryPeer('other')));
});

test('an observation of a registration that has ended is not kept', async (t) => {
  const world = await World.start();
  const path = await world.registered('ep');
  await world.command('lwm2m/ep/dn/dm', observe(8));
  await world.coap.receive(new MemoryPeer('peer of ep'), { method: 'DELETE', path });
  await world.answer({ code: '2.05', observe: 1, ...text('1') });
  t.true(world.coap.observations[0]?.forgotten);
});

test('what is observed is observed again after a new registration, and told as a notification', async (t) => {
  const world = await World.start();
  await world.registered('ep');
  await observing(world, 'lwm2m/ep/command', observeCmdId);
  await observing(world, 'lwm2m/ep/dn/dm', observe(8));
  await world.registered('ep');
  t.is(world.request(), 'GET /3/0/10 accept 11542 observe 0');
  await world.answer({ code: '2.05', observe: 4, ...text('5') });
  const relation = world.coap.observations.at(-1) as FakeObservation;
  relation.notify({ observe: 5, ...text('6') });
  t.deepEqual(
    world.published(),
    [5, 6].flatMap((value) => [
      ['lwm2m/ep/response', result(value)],
      ['lwm2m/ep/up/notify', `{"reqID":8,"msgType":"notify","seqNum":${value - 1},${content(value)}}`],
    ]),
  );
  t.is(world.coap.sent.length, 0);
});

test('an observation that cannot be made again at once is made later, unless it is cancelled or refused', async (t) => {
  const world = await World.start();
  const path = await world.registered('ep');
  await observing(world, 'lwm2m/ep/dn/dm', observe(8));
  const again = await world.registered('ep');
  t.notDeepEqual(again, path);
  world.coap.next().fail('TIMEOUT');
  await world.settled();
  t.deepEqual(world.published(), [], 'nobody has asked');
  await world.coap.receive(new MemoryPeer('peer of ep'), { method: 'POST', path: again });
  world.published();
  t.is(world.request(), 'GET /3/0/10 accept 11542 observe 0');
  await world.answer({ code: '4.04' });
  t.true(world.published()[0]?.[1].includes('"msgType":"notify","seqNum":0'));
  await world.registered('ep');
  t.is(world.coap.sent.length, 0, 'refused');
  await observing(world, 'lwm2m/ep/dn/dm', observe(8));
  await world.command('lwm2m/ep/dn/dm', cancel);
  await world.answer({ code: '2.05', ...text('7') });
  await world.registered('ep');
  t.is(world.coap.sent.length, 0, 'cancelled');
});

test('auto_observe asks for a list of paths, or for all that is registered, after each registration', async (t) => {
  const world = await World.start({ autoObserve: ['/3/0/9', '/4/0'] });
  for (let i = 0; i < 2; i += 1) {
    await world.registered('ep');
    t.is(world.request(), 'GET /3/0/9 accept 11542 observe 0');
    await world.answer({ code: '2.05', observe: 1, ...text('80') });
    t.deepEqual(world.published(), [
      [
        'lwm2m/ep/up/resp',
        '{"msgType":"observe","data":{"reqPath":"/3/0/9","code":"2.05","codeMsg":"content","content":[{"path":"/3/0/9","value":80}]}}',
      ],
    ]);
    t.is(world.request(), 'GET /4/0 accept 11542 observe 0');
    await world.answer({ code: '4.04' });
    world.published();
  }
  const all = await World.start({ autoObserve: 'on' });
  await all.registered('ep', { links: '</1/0>,</3/0>,</3303/0>' });
  t.is(all.request(), 'GET /1/0 accept 11542 observe 0');
});
