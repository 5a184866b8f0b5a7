import test from 'ava';
import fc from 'fast-check';
import type { Block } from '#src/coap/block.js';
import type { RequestMessage } from '#src/coap/message.js';
import { isFresh } from '#src/coap/observation.js';
import type { Options } from '#src/coap/options.js';
import type { CoapResponse, Observation } from '#src/coap/types.js';
import type { Peer } from '#src/core/datagram.js';
import { empties, readRequest, response, wire } from '../support/coap-messages.js';
import { settled, type World, world } from '../support/coap-world.js';
import { MemoryPeer } from '../support/memory-port.js';

const target = { method: 'GET', path: ['3', '0', '9'], accept: 0 } as const;
const at = (num: number, more: boolean, szx = 0): Block => ({ num, more, szx });

interface Observed extends World {
  readonly token: string;
  readonly observation: Observation;
  readonly seen: CoapResponse[];
  /** Texts of the notifications so far. */
  texts(): string[];
  /** A notification arrives; gives back what is sent to the device. */
  notification(observe: number | undefined, text: string, more?: Partial<Notification>): string[];
}

interface Notification {
  readonly mid: number;
  readonly type: 'CON' | 'NON';
  readonly from: MemoryPeer;
  readonly options: Partial<Options>;
  readonly code: '2.05' | '4.04';
}

let mid = 1000;

/** A world in which the device has answered an observation with sequence number 10 and value `first`. */
async function observed(owns?: (peer: MemoryPeer) => boolean): Promise<Observed> {
  const w = await world();
  const seen: CoapResponse[] = [];
  const promise = w.endpoint.observe(w.device, target, {
    notified: (r) => void seen.push(r),
    ...(owns === undefined ? {} : { owns: (peer: Peer) => owns(peer as MemoryPeer) }),
  });
  const sent = readRequest(w.device.take()[0]);
  const token = sent.token.toString('hex');
  const first = response('2.05', { mid: sent.mid, token, payload: 'first', options: { observe: 10 } });
  w.port.deliver(wire(first), w.device);
  const { observation } = await promise;
  if (observation === undefined) throw new Error('no observation');
  const texts = () => seen.splice(0).map((r) => r.payload.toString());
  const notification: Observed['notification'] = (observe, text, more = {}) => {
    const from = more.from ?? w.device;
    const options = { observe, ...more.options };
    const { code = '2.05', type = 'NON' } = more;
    const message = response(code, { type, mid: more.mid ?? ++mid, token, payload: text, options });
    w.port.deliver(wire(message), from);
    return from.take();
  };
  return { ...w, token, observation, seen, texts, notification };
}

test('an observation: the first response, then notifications, acknowledged if they ask for it', async (t) => {
  const w = await world();
  const seen: CoapResponse[] = [];
  const promise = w.endpoint.observe(w.device, target, { notified: (r) => void seen.push(r) });
  const sent = readRequest(w.device.take()[0]);
  t.deepEqual(
    [sent.method, sent.options.path, sent.options.observe, sent.options.accept],
    ['GET', ['3', '0', '9'], 0, 0],
  );
  const token = sent.token.toString('hex');
  w.port.deliver(wire(response('2.05', { mid: sent.mid, token, payload: 'a', options: { observe: 1 } })), w.device);
  const first = await promise;
  t.is(first.response.payload.toString(), 'a');
  t.deepEqual(first.observation?.token, sent.token);
  t.deepEqual(first.observation?.request, target);
  const con = response('2.05', { type: 'CON', mid: 5, token, payload: 'b', options: { observe: 2, maxAge: 3 } });
  w.port.deliver(wire(con), w.device);
  t.deepEqual(w.device.take(), [empties('ACK', 5)]);
  w.port.deliver(
    wire(response('2.05', { type: 'NON', mid: 6, token, payload: 'c', options: { observe: 3 } })),
    w.device,
  );
  t.deepEqual(w.device.take(), []);
  t.deepEqual(
    seen.map((r) => [r.payload.toString(), r.observe, r.maxAge]),
    [
      ['b', 2, 3],
      ['c', 3, undefined],
    ],
  );
});

test('no observation if the peer answers without the option or with an error', async (t) => {
  for (const [code, observe] of [
    ['2.05', undefined],
    ['4.04', undefined],
    ['4.05', 5],
  ] as const) {
    const w = await world();
    const promise = w.endpoint.observe(w.device, target, { notified: () => t.fail() });
    const sent = readRequest(w.device.take()[0]);
    const token = sent.token.toString('hex');
    w.port.deliver(wire(response(code, { mid: sent.mid, token, options: { observe } })), w.device);
    const result = await promise;
    t.deepEqual([result.response.code, result.observation], [code, undefined]);
    w.port.deliver(wire(response('2.05', { type: 'CON', mid: 5, token, options: { observe: 2 } })), w.device);
    t.deepEqual(w.device.take(), [empties('RST', 5)]);
  }
});

test('a peer that does not answer', async (t) => {
  const w = await world();
  const failed = t.throwsAsync(w.endpoint.observe(w.device, target, { notified: () => t.fail() }), { code: 'TIMEOUT' });
  w.clock.advance(62_000);
  await failed;
});

test('freshness: by number, around its end, and by time [RFC 7641 3.4]', (t) => {
  const fresh = (v1: number, v2: number, ms: number): boolean =>
    isFresh({ sequence: v1, at: 5 }, { sequence: v2, at: 5 + ms });
  t.true(fresh(1, 2, 0));
  t.false(fresh(2, 1, 0));
  t.false(fresh(2, 2, 0));
  t.true(fresh(0, 2 ** 23 - 1, 0));
  t.false(fresh(0, 2 ** 23, 0));
  t.true(fresh(2 ** 24 - 1, 0, 0));
  t.false(fresh(2 ** 23, 0, 0));
  t.true(fresh(2 ** 23 + 1, 0, 0));
  t.false(fresh(2, 1, 128_000));
  t.true(fresh(2, 1, 128_001));
});

test('property: of two different numbers less than half a turn apart, exactly one is fresher', (t) => {
  fc.assert(
    fc.property(fc.nat(2 ** 24 - 1), fc.integer({ min: 1, max: 2 ** 23 - 1 }), (v1, step) => {
      const v2 = (v1 + step) % 2 ** 24;
      t.true(isFresh({ sequence: v1, at: 0 }, { sequence: v2, at: 0 }));
      t.false(isFresh({ sequence: v2, at: 0 }, { sequence: v1, at: 0 }));
    }),
  );
});

test('notifications that were overtaken are acknowledged and dropped, until 128 s have passed', async (t) => {
  const w = await observed();
  for (const n of [12, 11, 13, 13, 12, 14]) w.notification(n, String(n));
  t.deepEqual(w.texts(), ['12', '13', '14']);
  t.deepEqual(w.notification(12, 'old', { type: 'CON', mid: 7 }), [empties('ACK', 7)]);
  w.clock.advance(128_000);
  w.notification(9, 'still old');
  w.clock.advance(1);
  w.notification(9, 'restarted');
  w.notification(10, 'on');
  t.deepEqual(w.texts(), ['restarted', 'on']);
});

test('a duplicate is acknowledged again and delivered once', async (t) => {
  const w = await observed();
  t.deepEqual(w.notification(11, 'a', { type: 'CON', mid: 7 }), [empties('ACK', 7)]);
  t.deepEqual(w.notification(11, 'a', { type: 'CON', mid: 7 }), [empties('ACK', 7)]);
  t.deepEqual(w.texts(), ['a']);
});

test('a notification may have the message id of a request of ours in flight', async (t) => {
  const w = await observed();
  const asked = w.endpoint.request(w.device, { method: 'GET', path: ['x'] });
  const sent = readRequest(w.device.take()[0]);
  w.notification(11, 'same number', { mid: sent.mid });
  t.deepEqual(w.texts(), ['same number']);
  w.port.deliver(wire(response('2.05', { mid: sent.mid, token: sent.token.toString('hex'), payload: 'x' })), w.device);
  t.is((await asked).payload.toString(), 'x');
});

test('the peer ends it with an error or without the option; later notifications are reset', async (t) => {
  for (const code of ['4.04', '2.05'] as const) {
    const w = await observed();
    w.notification(undefined, 'gone', { code });
    t.deepEqual(w.texts(), ['gone']);
    t.deepEqual(w.notification(12, 'x', { type: 'CON', mid: 8 }), [empties('RST', 8)]);
    t.deepEqual(w.texts(), []);
  }
});

test('cancelled actively: the same request and token with Observe 1; what comes meanwhile is acknowledged and dropped', async (t) => {
  const w = await observed();
  const cancelled = w.observation.cancel();
  t.is(w.observation.cancel(), cancelled);
  const sent = readRequest(w.device.take()[0]);
  t.is(sent.token.toString('hex'), w.token);
  t.deepEqual(
    [sent.method, sent.options.path, sent.options.observe, sent.options.accept],
    ['GET', ['3', '0', '9'], 1, 0],
  );
  t.deepEqual(w.notification(11, 'late', { type: 'CON', mid: 7 }), [empties('ACK', 7)]);
  w.port.deliver(wire(response('2.05', { mid: sent.mid, token: w.token, payload: 'now' })), w.device);
  t.is((await cancelled).payload.toString(), 'now');
  t.deepEqual(w.notification(12, 'x', { type: 'CON', mid: 8 }), [empties('RST', 8)]);
  t.deepEqual(w.texts(), []);
});

test('the answer to a cancellation may come by itself', async (t) => {
  const w = await observed();
  const cancelled = w.observation.cancel();
  w.port.deliver(empties('ACK', readRequest(w.device.take()[0]).mid), w.device);
  t.deepEqual(w.notification(undefined, 'now', { type: 'CON', mid: 7 }), [empties('ACK', 7)]);
  t.is((await cancelled).payload.toString(), 'now');
});

test('a cancellation that fails has forgotten the observation all the same', async (t) => {
  const w = await observed();
  const cancelled = t.throwsAsync(w.observation.cancel(), { code: 'TIMEOUT' });
  w.clock.advance(62_000);
  await cancelled;
  w.device.take();
  t.deepEqual(w.notification(12, 'x', { type: 'CON', mid: 8 }), [empties('RST', 8)]);
});

test('forgotten: every further notification is answered with a reset, confirmable or not', async (t) => {
  const w = await observed();
  w.observation.forget();
  w.observation.forget();
  t.deepEqual(w.notification(11, 'a', { type: 'CON', mid: 7 }), [empties('RST', 7)]);
  t.deepEqual(w.notification(12, 'b', { type: 'NON', mid: 8 }), [empties('RST', 8)]);
  t.deepEqual(w.texts(), []);
});

test('a notification from another address counts if `owns` says so, and a cancellation goes there', async (t) => {
  const moved = new MemoryPeer('moved');
  const stranger = new MemoryPeer('stranger');
  const w = await observed((peer) => peer.key !== 'stranger');
  t.deepEqual(w.notification(11, 'a', { type: 'CON', mid: 7, from: moved }), [empties('ACK', 7)]);
  t.deepEqual(w.notification(12, 'b', { type: 'CON', mid: 8, from: stranger }), [empties('RST', 8)]);
  t.deepEqual(w.texts(), ['a']);
  void w.observation.cancel().catch(() => undefined);
  t.deepEqual(w.device.take(), []);
  t.is(readRequest(moved.take()[0]).options.observe, 1);
  w.endpoint.forget(moved);
});

test('without `owns` only the peer itself counts', async (t) => {
  const w = await observed();
  t.deepEqual(w.notification(11, 'a', { mid: 7, from: new MemoryPeer('moved') }), [empties('RST', 7)]);
  t.deepEqual(w.texts(), []);
});

test('taken up after a restart', async (t) => {
  const w = await world();
  const seen: string[] = [];
  const token = Buffer.from('0102030405060708', 'hex');
  const observation = w.endpoint.resume(w.device, token, target, {
    notified: (r) => void seen.push(r.payload.toString()),
  });
  t.deepEqual(observation.token, token);
  const notify = (observe: number, text: string, id: number) => {
    const options = { observe };
    w.port.deliver(
      wire(response('2.05', { type: 'CON', mid: id, token: token.toString('hex'), payload: text, options })),
      w.device,
    );
    return w.device.take();
  };
  t.deepEqual(notify(500, 'a', 1), [empties('ACK', 1)]);
  notify(499, 'old', 2);
  notify(501, 'b', 3);
  t.deepEqual(seen, ['a', 'b']);
  observation.forget();
  t.deepEqual(notify(502, 'c', 4), [empties('RST', 4)]);
});

test('taken up at another peer it goes on from the newest notification', async (t) => {
  const w = await observed();
  const moved = new MemoryPeer('moved');
  w.notification(12, 'a');
  const seen: string[] = [];
  const again = w.endpoint.resume(moved, Buffer.from(w.token, 'hex'), target, {
    notified: (r) => void seen.push(r.payload.toString()),
  });
  w.observation.forget();
  w.notification(11, 'old', { from: moved });
  w.notification(13, 'new', { from: moved });
  t.deepEqual(seen, ['new']);
  again.forget();
  t.is(w.notification(14, 'x', { from: moved }).length, 1);
});

test('a notification with a critical option that is not understood is reset', async (t) => {
  const w = await observed();
  w.port.deliver(`48450009${w.token}610b e12600aa`, w.device);
  t.deepEqual(w.device.take(), [empties('RST', 9)]);
  t.deepEqual(w.texts(), []);
});

test('a callback that throws harms nobody', async (t) => {
  const w = await observed();
  w.seen.push = () => {
    throw new Error('callback');
  };
  w.notification(11, 'a');
  t.is(w.metrics.snapshot()['coap.callback_errors'], 1);
});

function answer(
  w: World,
  to: RequestMessage,
  options: Partial<Options>,
  payload: string,
  code: '2.05' | '4.08' = '2.05',
) {
  w.port.deliver(wire(response(code, { mid: to.mid, token: to.token.toString('hex'), options, payload })), w.device);
}

const block0 = 'sixteen bytes...';

test('a block-wise notification is completed under another token, without Observe', async (t) => {
  const w = await observed();
  const etag = Buffer.of(1);
  const [hex] = w.notification(11, block0, { options: { block2: at(0, true), etag } });
  const rest = readRequest(hex);
  t.not(rest.token.toString('hex'), w.token);
  t.deepEqual([rest.options.observe, rest.options.block2, rest.options.accept], [undefined, at(1, false), 0]);
  t.deepEqual(w.texts(), []);
  answer(w, rest, { block2: at(1, false), etag }, 'end');
  const [whole] = w.seen;
  t.deepEqual([whole?.payload.toString(), whole?.observe], [`${block0}end`, 11]);
});

test('a newer notification takes the place of one that is being completed', async (t) => {
  const w = await observed();
  const [hex] = w.notification(11, block0, { options: { block2: at(0, true) } });
  w.notification(12, 'short');
  answer(w, readRequest(hex), { block2: at(1, false) }, 'end');
  t.deepEqual(w.texts(), ['short']);
  w.notification(13, block0, { options: { block2: at(0, true) } });
  const [second] = w.notification(14, block0, { options: { block2: at(0, true) } });
  answer(w, readRequest(second), { block2: at(1, false) }, '14');
  t.deepEqual(w.texts(), [`${block0}14`]);
});

test('a notification that cannot be completed is left out, and counted; the observation goes on', async (t) => {
  const w = await observed();
  const [hex] = w.notification(11, block0, { options: { block2: at(0, true) } });
  answer(w, readRequest(hex), { block2: at(7, false) }, 'end');
  t.is(w.metrics.snapshot()['coap.transfers'], 1);
  w.notification(12, 'a');
  t.deepEqual(w.texts(), ['a']);
});

test('a first response in blocks: the observation counts from its first block', async (t) => {
  const w = await world();
  const seen: string[] = [];
  const promise = w.endpoint.observe(w.device, target, { notified: (r) => void seen.push(r.payload.toString()) });
  const sent = readRequest(w.device.take()[0]);
  const token = sent.token.toString('hex');
  answer(w, sent, { observe: 1, block2: at(0, true) }, block0);
  const rest = readRequest(w.device.take()[0]);
  t.not(rest.token.toString('hex'), token);
  answer(w, rest, { block2: at(1, false) }, 'end');
  const { response: first, observation } = await promise;
  t.deepEqual([first.payload.toString(), first.observe], [`${block0}end`, 1]);
  t.deepEqual(observation?.token, sent.token);
  t.deepEqual(seen, []);
});

test('a notification that comes while the first response is being completed is the first response', async (t) => {
  const w = await world();
  const promise = w.endpoint.observe(w.device, target, { notified: () => t.fail() });
  const sent = readRequest(w.device.take()[0]);
  answer(w, sent, { observe: 1, block2: at(0, true) }, block0);
  const token = sent.token.toString('hex');
  const newer = response('2.05', { type: 'NON', mid: 7, token, payload: 'newer', options: { observe: 2 } });
  w.port.deliver(wire(newer), w.device);
  const { response: first, observation } = await promise;
  t.is(first.payload.toString(), 'newer');
  t.truthy(observation);
});

test('a first response that cannot be completed is an error, and no observation', async (t) => {
  const w = await world();
  const promise = w.endpoint.observe(w.device, target, { notified: () => t.fail() });
  const sent = readRequest(w.device.take()[0]);
  answer(w, sent, { observe: 1, block2: at(0, true) }, block0);
  answer(w, readRequest(w.device.take()[0]), { block2: at(5, true) }, block0);
  await t.throwsAsync(promise, { code: 'PROTOCOL' });
  const token = sent.token.toString('hex');
  w.port.deliver(wire(response('2.05', { type: 'CON', mid: 5, token, options: { observe: 2 } })), w.device);
  t.deepEqual(w.device.take(), [empties('RST', 5)]);
});

test('an observation by FETCH: what is observed is in its body, also when it is cancelled', async (t) => {
  const w = await world();
  const composite = {
    method: 'FETCH',
    path: [],
    contentFormat: 112,
    accept: 112,
    payload: Buffer.from('paths'),
  } as const;
  const promise = w.endpoint.observe(w.device, composite, { notified: () => undefined });
  const sent = readRequest(w.device.take()[0]);
  t.deepEqual([sent.method, sent.payload.toString(), sent.options.observe], ['FETCH', 'paths', 0]);
  answer(w, sent, { observe: 1 }, 'x');
  const { observation } = await promise;
  const cancelled = observation?.cancel();
  const cancel = readRequest(w.device.take()[0]);
  t.deepEqual([cancel.method, cancel.payload.toString(), cancel.options.observe], ['FETCH', 'paths', 1]);
  answer(w, cancel, {}, 'x');
  await cancelled;
});

test('after the end of the endpoint no observation is left', async (t) => {
  const w = await observed();
  await w.endpoint.stop();
  await settled();
  t.deepEqual(w.clock.waiting, []);
});
