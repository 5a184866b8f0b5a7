import test from 'ava';
import { CrashStore } from '../support/crash-store.js';
import { MemoryPeer } from '../support/memory-port.js';
import type { FakeObservation } from './support/fake-coap.js';
import { text, World } from './support/world.js';

const peer = new MemoryPeer('peer of ep');
const read = (id: number): string => `{"reqID":${id},"msgType":"read","data":{"path":"/3/0/0"}}`;
const observe = '{"reqID":8,"msgType":"observe","data":{"path":"/3/0/9"}}';
const execute = '{"reqID":5,"msgType":"execute","data":{"path":"/3/0/4"}}';
const unknown = '{"reqID":5,"msgType":"execute","data":{"reqPath":"/3/0/4","code":"6.09","codeMsg":"outcome_unknown"}}';
const ids = (world: World): (string | undefined)[] =>
  world.published().map(([, answer]) => /"(?:reqID|CmdID)":(\d+)/.exec(answer)?.[1]);
const status = (world: World): string | undefined =>
  /"status":"(\w+)"/.exec(world.broker.retained.get('lwm2m/ep/status')?.payload.toString() ?? '')?.[1];

/** An application that does not take answers until it is let. */
async function slowSubscriber(world: World): Promise<() => void> {
  const held: (() => void)[] = [];
  const link = await world.broker.open({
    clientId: 'slow',
    cleanSession: true,
    protocol: 'test',
    address: 'test',
    onMessage: (_message, taken) => void held.push(taken),
  });
  link.subscribe('lwm2m/+/up/resp', 1, () => {});
  return () => {
    for (const taken of held.splice(0)) taken();
  };
}

/** A device in queue mode that has gone to sleep. */
async function sleeper(store: CrashStore): Promise<{ world: World; path: string[] }> {
  const world = await World.start({ statusTopic: 'status' }, store);
  const path = await world.registered('ep', { query: ['b=UQ', 'lt=3600'] });
  world.clock.advance(93_000);
  world.published();
  return { world, path };
}

test('a registration is answered when it is in the store, and so is its update', async (t) => {
  const store = new CrashStore();
  const world = await World.start({}, store);
  store.automatic = false;
  let answered = '';
  const answer = world.register('ep').then(({ code, location = [] }) => {
    answered = code;
    return location;
  });
  await world.settled();
  t.is(answered, '');
  t.is(world.published().length, 0);
  store.flush();
  const path = await answer;
  t.is(answered, '2.01');
  const update = world.coap.receive(peer, { method: 'POST', path }).then(({ code }) => {
    answered = code;
  });
  await world.settled();
  t.is(answered, '2.01');
  store.flush();
  await update;
  t.is(answered, '2.04');
});

test('an update after a crash is 2.04; the endpoint and what it has said are known', async (t) => {
  const store = new CrashStore();
  const world = await World.start({}, store);
  const path = await world.registered('ep', { query: ['lwm2m=1.1', 'b=U', 'imei=1', 'password=p'] });
  const after = await world.restart(store.crash());
  t.is(after.server.size, 1);
  t.deepEqual(after.broker.connected, ['isthmus-lwm2m', 'ep']);
  t.is((await after.coap.receive(peer, { method: 'POST', path })).code, '2.04');
  t.deepEqual(after.published(), [
    [
      'lwm2m/ep/up/resp',
      '{"msgType":"update","data":{"alternatePath":"/","ep":"ep","lt":300,"lwm2m":"1.1","b":"U","objectList":["/1/0","/3/0"]}}',
    ],
  ]);
  await after.command('lwm2m/ep/dn/dm', read(1));
  t.is(after.request(), 'GET /3/0/0 accept 112');
});

test('a device is let in at the broker with what it registered with', async (t) => {
  const store = new CrashStore();
  const world = await World.start({}, store);
  await world.registered('ep', { query: ['imei=4711', 'password=secret'] });
  const after = await World.start({}, store.crash());
  t.deepEqual(after.broker.opened.find(({ clientId }) => clientId === 'ep')?.username, '4711');
  t.deepEqual(after.broker.opened.find(({ clientId }) => clientId === 'ep')?.password, Buffer.from('secret'));
});

test('lifetimes go on counting while the gateway is away', async (t) => {
  const store = new CrashStore();
  const world = await World.start({ statusTopic: 'status' }, store);
  await world.registered('ep');
  world.clock.advance(100_000);
  const after = await world.restart(store.crash());
  after.clock.advance(199_999);
  t.is(after.server.size, 1);
  after.clock.advance(1);
  t.is(after.server.size, 0);
  t.deepEqual(after.published().at(-1)?.[1], '{"ep":"ep","status":"offline"}');

  const long = await World.start({ statusTopic: 'status' }, store);
  await long.registered('ep');
  long.clock.advance(299_999);
  const kept = store.crash();
  const late = await long.restart(kept);
  late.clock.advance(100_000);
  t.is(status(late), 'offline');
  t.is((await late.restart(kept.crash())).server.size, 0);
});

test('a notification is delivered to both dialects after a crash, and the relation can be cancelled', async (t) => {
  const store = new CrashStore();
  const world = await World.start({}, store);
  await world.registered('ep');
  await world.command('lwm2m/ep/command', '{"CmdID":7,"Command":"Observe","BaseName":"/3/0/9"}');
  await world.answer({ code: '2.05', observe: 1, ...text('80') });
  await world.command('lwm2m/ep/dn/dm', observe);
  await world.answer({ code: '2.05', observe: 1, ...text('80') });
  const token = world.coap.observations.at(-1)?.token;

  const after = await world.restart(store.crash());
  const relation = after.coap.observations[0] as FakeObservation;
  t.deepEqual(relation.token, token);
  t.is(relation.request.accept, 11542);
  t.true(relation.owns(new MemoryPeer('moved')));
  relation.notify({ observe: 2, ...text('79') });
  t.deepEqual(after.published(), [
    ['lwm2m/ep/response', '{"CmdID":7,"Command":"Observe","Result":{"bn":"/3/0/9","e":[{"v":79}]}}'],
    [
      'lwm2m/ep/up/notify',
      '{"reqID":8,"msgType":"notify","seqNum":2,"data":{"reqPath":"/3/0/9","code":"2.05","codeMsg":"content","content":[{"path":"/3/0/9","value":79}]}}',
    ],
  ]);
  for (const topic of ['lwm2m/ep/command', 'lwm2m/ep/dn/dm']) {
    const command = topic.endsWith('dm')
      ? '{"reqID":9,"msgType":"cancel-observe","data":{"path":"/3/0/9"}}'
      : '{"CmdID":9,"Command":"Cancel-Observe","BaseName":"/3/0/9"}';
    await after.command(topic, command);
    await after.answer({ code: '2.05', ...text('7') });
  }
  t.true(relation.forgotten);
});

test('an observation is answered when it is in the store', async (t) => {
  const store = new CrashStore();
  const world = await World.start({}, store);
  await world.registered('ep');
  await world.command('lwm2m/ep/dn/dm', observe);
  store.automatic = false;
  await world.answer({ code: '2.05', observe: 1, ...text('80') });
  t.is(world.published().length, 0);
  store.flush();
  await world.settled();
  t.deepEqual(ids(world), ['8']);
});

test('an observation that was desired and not made when the gateway died is made', async (t) => {
  const store = new CrashStore();
  const world = await World.start({ autoObserve: ['/3/0/9'] }, store);
  await world.registered('ep');
  const after = await world.restart(store.crash());
  t.is(after.request(), 'GET /3/0/9 accept 11542 observe 0');
  await after.answer({ code: '2.05', observe: 1, ...text('80') });
  t.deepEqual(after.published()[0]?.[0], 'lwm2m/ep/up/resp');
});

test('a command for a sleeper is taken when it is in the store, and reaches its device after a crash', async (t) => {
  const store = new CrashStore();
  const { world, path } = await sleeper(store);
  store.automatic = false;
  let taken = false;
  const publishing = world.broker.publish('lwm2m/ep/dn/dm', read(1)).then(() => {
    taken = true;
  });
  await world.settled();
  t.false(taken);
  store.flush();
  await publishing;
  store.automatic = true;
  await world.command('lwm2m/ep/command', '{"CmdID":2,"Command":"Read","BaseName":"/3/0/1"}');
  await world.command('lwm2m/ep/dn/dm', execute);

  const after = await world.restart(store.crash());
  t.is(after.coap.sent.length, 0);
  await after.coap.receive(peer, { method: 'POST', path });
  after.published();
  for (const request of ['GET /3/0/0 accept 11542', 'GET /3/0/1 accept 11542', 'POST /3/0/4']) {
    t.is(after.request(), request);
    await after.answer({ code: '4.04' });
  }
  t.deepEqual(ids(after), ['1', '2', '5']);
});

test('the time of a command that waits goes on counting', async (t) => {
  const store = new CrashStore();
  const { world } = await sleeper(store);
  await world.command('lwm2m/ep/dn/dm', '{"reqID":12345678901234567890,"msgType":"read","data":{"path":"/3/0/0"}}');
  const after = await world.restart(store.crash());
  after.clock.advance(3_600_000);
  t.true(after.published().some(([, answer]) => answer.startsWith('{"reqID":12345678901234567890,')));
});

test('what a sleeper may have had is not done twice: nobody can say what became of it', async (t) => {
  const store = new CrashStore();
  const { world, path } = await sleeper(store);
  await world.command('lwm2m/ep/dn/dm', execute);
  await world.coap.receive(peer, { method: 'POST', path });
  t.is(world.request(), 'POST /3/0/4');
  const after = await world.restart(store.crash());
  t.is(after.coap.sent.length, 0);
  t.deepEqual(after.published(), [['lwm2m/ep/up/resp', unknown]]);
});

test('a command under way to a device that is awake is made again after a crash, if it may be', async (t) => {
  const store = new CrashStore();
  const world = await World.start({}, store);
  await world.registered('ep');
  store.automatic = false;
  let taken = false;
  const publishing = world.broker.publish('lwm2m/ep/dn/dm', read(1)).then(() => {
    taken = true;
  });
  await world.settled();
  t.is(world.request(), 'GET /3/0/0 accept 11542', 'not held up by the store');
  t.false(taken);
  store.flush();
  await publishing;
  store.automatic = true;
  await world.command('lwm2m/ep/command', '{"CmdID":2,"Command":"Read","BaseName":"/3/0/1"}');

  const kept = store.crash();
  const after = await world.restart(kept);
  for (const request of ['GET /3/0/0 accept 11542', 'GET /3/0/1 accept 11542']) {
    t.is(after.request(), request);
    await after.answer({ code: '4.04' });
  }
  t.deepEqual(ids(after), ['1', '2']);
  t.is(kept.count('lwm2m.commands'), 0);
});

test('a command that is answered soon is never written; another is, and taken then', async (t) => {
  const store = new CrashStore();
  const world = await World.start({ keepAfterMs: 5 }, store);
  await world.registered('ep');
  const taken: number[] = [];
  const publish = (id: number): void => {
    void world.broker.publish('lwm2m/ep/dn/dm', read(id)).then(() => taken.push(id));
  };
  publish(1);
  await world.settled();
  t.deepEqual([store.count('lwm2m.commands'), taken], [0, []]);
  await world.answer({ code: '4.04' });
  t.deepEqual(taken, [1]);
  world.clock.advance(1);
  publish(2);
  await world.settled();
  world.clock.advance(5);
  await world.settled();
  t.is(store.count('lwm2m.commands'), 0, 'what was under way at the last look is written at this one');
  world.clock.advance(5);
  await world.settled();
  t.deepEqual([store.count('lwm2m.commands'), taken], [1, [1, 2]]);
  await world.answer({ code: '4.04' });
  t.is(store.count('lwm2m.commands'), 0);
  publish(3);
  await world.settled();
  await world.registered('ep');
  t.is(store.count('lwm2m.commands'), 1, 'it is the new registration that has it now');
  t.deepEqual(taken, [1, 2, 3]);
  const after = await world.restart(store.crash());
  t.is(after.request(), 'GET /3/0/0 accept 11542');
});

test('in whatever order devices answer, what is not answered in time is written, and nothing else', async (t) => {
  for (const answered of [[0], [1], [2], [0, 1], [1, 2], [2, 0], [1, 0, 2], []]) {
    const store = new CrashStore();
    const world = await World.start({ keepAfterMs: 5 }, store);
    const taken: number[] = [];
    for (const id of [0, 1, 2]) {
      await world.registered(`ep${id}`);
      void world.broker.publish(`lwm2m/ep${id}/dn/dm`, read(id)).then(() => taken.push(id));
      await world.settled();
      world.clock.advance(1);
    }
    const sent = world.coap.sent.slice();
    for (const id of answered) sent[id]?.answer({ code: '4.04' });
    await world.settled();
    t.deepEqual(taken, answered);
    world.clock.advance(10);
    await world.settled();
    const late = [0, 1, 2].filter((id) => !answered.includes(id));
    t.is(store.count('lwm2m.commands'), late.length);
    t.deepEqual(taken, [...answered, ...late]);
    for (const id of late) sent[id]?.answer({ code: '4.04' });
    await world.settled();
    t.is(store.count('lwm2m.commands'), 0);
    t.is(taken.length, 3);
  }
});

test('what must not be done twice is sent when the store has it, and not again after a crash', async (t) => {
  const store = new CrashStore();
  const world = await World.start({}, store);
  await world.registered('ep');
  store.automatic = false;
  const publishing = world.broker.publish('lwm2m/ep/dn/dm', execute);
  await world.settled();
  t.is(world.coap.sent.length, 0);
  store.flush();
  await publishing;
  t.is(world.request(), 'POST /3/0/4');
  const kept = store.crash();
  const after = await world.restart(kept);
  t.is(after.coap.sent.length, 0);
  t.deepEqual(after.published(), [['lwm2m/ep/up/resp', unknown]]);
  t.is(kept.count('lwm2m.commands'), 0);
});

test('a command is kept until the broker has its answer', async (t) => {
  const store = new CrashStore();
  const world = await World.start({}, store);
  await world.registered('ep');
  await world.command('lwm2m/ep/dn/dm', read(1));
  const release = await slowSubscriber(world);
  await world.answer({ code: '4.04' });
  t.is(store.count('lwm2m.commands'), 1);
  release();
  t.is(store.count('lwm2m.commands'), 0);
});

test('a command is answered although its registration has ended with the crash', async (t) => {
  const store = new CrashStore();
  const world = await World.start({}, store);
  await world.registered('ep');
  await world.command('lwm2m/ep/dn/dm', read(1));
  store.table('lwm2m.registrations').delete('ep');
  const kept = store.crash();
  const after = await world.restart(kept);
  t.deepEqual(after.published(), [
    [
      'lwm2m/ep/up/resp',
      '{"reqID":1,"msgType":"read","data":{"reqPath":"/3/0/0","code":"6.02","codeMsg":"not_registered"}}',
    ],
  ]);
  t.is(kept.count('lwm2m.commands'), 0);
});

test('a cancellation that was under way is made again with the same relation; one that had been done is a success', async (t) => {
  const cancel = '{"reqID":9,"msgType":"cancel-observe","data":{"path":"/3/0/9"}}';
  const success =
    '{"reqID":9,"msgType":"cancel-observe","data":{"reqPath":"/3/0/9","code":"2.05","codeMsg":"content","content":[{"path":"/3/0/9","value":7}]}}';
  const store = new CrashStore();
  const world = await World.start({}, store);
  await world.registered('ep');
  await world.command('lwm2m/ep/dn/dm', observe);
  await world.answer({ code: '2.05', observe: 1, ...text('80') });
  await world.command('lwm2m/ep/dn/dm', cancel);
  const first = store.crash();
  const after = await world.restart(first);
  t.is(after.request(), 'GET /3/0/9 accept 11542 observe 1');
  const release = await slowSubscriber(after);
  await after.answer({ code: '2.05', ...text('7') });
  t.is(first.count('lwm2m.observations'), 0);
  const last = await after.restart(first.crash());
  release();
  t.is(last.request(), 'GET /3/0/9 accept 11542', 'the device observes no longer');
  await last.answer({ code: '2.05', ...text('7') });
  t.deepEqual(last.published(), [['lwm2m/ep/up/resp', success]]);
});

test('a command that a sleeper was sent but has not answered is sent again', async (t) => {
  const store = new CrashStore();
  const { world, path } = await sleeper(store);
  await world.command('lwm2m/ep/dn/dm', read(1));
  await world.coap.receive(peer, { method: 'POST', path });
  const kept = store.crash();
  const after = await world.restart(kept);
  t.is(after.request(), 'GET /3/0/0 accept 11542');
  await after.answer({ code: '2.05', ...text('x') });
  t.deepEqual(ids(after), ['1']);
  t.is(kept.count('lwm2m.commands'), 0);
});

test('whoever slept sleeps; whoever was awake falls asleep in its time', async (t) => {
  const store = new CrashStore();
  const { world } = await sleeper(store);
  const asleep = await world.restart(store.crash());
  t.is(status(asleep), 'asleep');
  t.deepEqual(asleep.published(), []);

  const another = new CrashStore();
  const before = await World.start({ statusTopic: 'status' }, another);
  await before.registered('ep', { query: ['b=UQ', 'lt=3600'] });
  before.clock.advance(50_000);
  const after = await before.restart(another.crash());
  t.is(status(after), 'awake');
  after.clock.advance(43_000);
  t.is(status(after), 'asleep');
});

test('content formats that a device does not take are remembered', async (t) => {
  const store = new CrashStore();
  const world = await World.start({}, store);
  await world.registered('ep', { query: ['lwm2m=1.1'] });
  await world.command('lwm2m/ep/dn/dm', read(1));
  t.is(world.request(), 'GET /3/0/0 accept 112');
  await world.answer({ code: '4.06' });
  t.is(world.request(), 'GET /3/0/0 accept 110');
  const after = await world.restart(store.crash());
  await after.command('lwm2m/ep/dn/dm', read(2));
  t.is(after.request(), 'GET /3/0/0 accept 110');
  await after.answer({ code: '4.04' });
  await after.registered('ep', { query: ['lwm2m=1.1'] });
  await after.command('lwm2m/ep/dn/dm', read(3));
  t.is(after.request(), 'GET /3/0/0 accept 110');
});

test('nothing is left of a registration that has ended', async (t) => {
  const store = new CrashStore();
  const { world, path } = await sleeper(store);
  await world.command('lwm2m/ep/dn/dm', observe);
  await world.coap.receive(peer, { method: 'POST', path });
  await world.answer({ code: '2.05', observe: 1, ...text('80') });
  world.clock.advance(93_000);
  await world.command('lwm2m/ep/dn/dm', read(1));
  const tables = ['registrations', 'observations', 'commands', 'asleep'];
  const counts = (): number[] => tables.map((table) => store.count(`lwm2m.${table}`));
  t.deepEqual(counts(), [1, 1, 1, 1]);
  await world.coap.receive(peer, { method: 'DELETE', path });
  t.deepEqual(counts(), [0, 0, 0, 0]);
});

test('what is left of endpoints that are not registered, or makes no sense, is removed', async (t) => {
  const store = new CrashStore();
  const world = await World.start({}, store);
  await world.registered('ep');
  for (const table of ['registrations', 'observations', 'commands', 'asleep']) {
    store.table(`lwm2m.${table}`).put('gone\0x', Buffer.from('{'));
    if (table !== 'registrations') store.table(`lwm2m.${table}`).put('gone\0y', Buffer.from('{}'));
  }
  const kept = store.crash();
  const after = await world.restart(kept);
  t.is(after.server.size, 1);
  t.deepEqual(
    ['registrations', 'observations', 'commands', 'asleep'].map((table) => kept.count(`lwm2m.${table}`)),
    [1, 0, 0, 0],
  );
});

test('a stop in good order keeps what is under way', async (t) => {
  const store = new CrashStore();
  const world = await World.start({}, store);
  await world.registered('ep');
  await world.command('lwm2m/ep/dn/dm', read(1));
  await world.command('lwm2m/ep/dn/dm', execute);
  await world.server.stop();
  t.deepEqual(world.published(), []);
  const after = await world.restart(store.crash());
  await after.answer({ code: '4.04' });
  await after.answer({ code: '4.04' });
  t.deepEqual(ids(after), ['1', '5']);
});

test('a device whose DTLS session is lost is known by its identity', async (t) => {
  const store = new CrashStore();
  const world = await World.start({}, store);
  const identity = { kind: 'psk', identity: 'ep' } as const;
  const path = await world.registered('ep', { peer: new MemoryPeer('session 1', identity) });
  await world.command('lwm2m/ep/dn/dm', observe);
  await world.answer({ code: '2.05', observe: 1, ...text('80') });
  const after = await world.restart(store.crash());
  t.is((await after.coap.receive(new MemoryPeer('stranger'), { method: 'POST', path })).code, '4.04');
  const before = after.coap.observations[0] as FakeObservation;
  t.true(before.owns(new MemoryPeer('session 2', identity)));
  t.is((await after.coap.receive(new MemoryPeer('session 2', identity), { method: 'POST', path })).code, '2.04');
  after.published();
  (after.coap.observations.at(-1) as FakeObservation).notify({ observe: 2, ...text('79') });
  t.is(after.published().length, 1);
});
