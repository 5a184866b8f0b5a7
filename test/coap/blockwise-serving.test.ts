import test from 'ava';
import type { Block } from '#src/coap/block.js';
import type { Options } from '#src/coap/options.js';
import type { CoapReply, Method } from '#src/coap/types.js';
import { readResponse, request, wire } from '../support/coap-messages.js';
import { type World, world } from '../support/coap-world.js';
import { MemoryPeer } from '../support/memory-port.js';

const at = (num: number, more: boolean, szx = 0): Block => ({ num, more, szx });
const bytes = (size: number, from = 0): Buffer =>
  Buffer.from(Array.from({ length: size }, (_, n) => (from + n) & 0xff));

let mid = 0;

/** One block to the endpoint, under a message id and a token of its own, and what comes back. */
function ask(
  { device, port }: World,
  method: Method,
  options: Partial<Options>,
  payload: Buffer = Buffer.alloc(0),
  peer: MemoryPeer = device,
) {
  mid++;
  const token = mid.toString(16).padStart(4, '0');
  port.deliver(wire(request(method, '/x', { mid, token, options, payload })), peer);
  const { code, options: got, payload: body, ...rest } = readResponse(peer.take()[0]);
  if (rest.mid !== mid || rest.token.toString('hex') !== token) throw new Error('an answer to something else');
  return { code, block1: got.block1, block2: got.block2, size1: got.size1, size2: got.size2, etag: got.etag, body };
}

const changed = (): CoapReply => ({ code: '2.04' });

test('a body in blocks, each under a token of its own, reaches the handler whole', async (t) => {
  const w = await world({ handler: changed });
  const body = bytes(40);
  const first = ask(w, 'PUT', { block1: at(0, true), size1: 40, contentFormat: 42 }, body.subarray(0, 16));
  t.deepEqual([first.code, first.block1], ['2.31', at(0, true)]);
  t.deepEqual(ask(w, 'PUT', { block1: at(1, true), contentFormat: 42 }, body.subarray(16, 32)).block1, at(1, true));
  const last = ask(w, 'PUT', { block1: at(2, false), contentFormat: 42 }, body.subarray(32));
  t.deepEqual([last.code, last.block1], ['2.04', at(2, false)]);
  t.deepEqual(w.handled.length, 1);
  t.deepEqual(w.handled[0]?.payload, body);
  t.is(w.handled[0]?.contentFormat, 42);
});

test('a format given with the first block only is that of the whole; another one is a gap', async (t) => {
  const w = await world({ handler: changed });
  ask(w, 'PUT', { block1: at(0, true), contentFormat: 42 }, bytes(16));
  ask(w, 'PUT', { block1: at(1, false) }, bytes(3));
  t.is(w.handled[0]?.contentFormat, 42);
  ask(w, 'PUT', { block1: at(0, true), contentFormat: 42 }, bytes(16));
  t.is(ask(w, 'PUT', { block1: at(1, false), contentFormat: 0 }, bytes(3)).code, '4.08');
});

test('a single block that says so', async (t) => {
  const w = await world({ handler: changed });
  t.deepEqual(ask(w, 'PUT', { block1: at(0, false) }, bytes(5)).block1, at(0, false));
  t.is(w.handled[0]?.payload.length, 5);
});

test('a smaller block size is asked for, and a client may change to it', async (t) => {
  const w = await world({ handler: changed, blockSize: 32 });
  const body = bytes(150);
  t.deepEqual(ask(w, 'PUT', { block1: at(0, true, 2) }, body.subarray(0, 64)).block1, at(0, true, 1));
  ask(w, 'PUT', { block1: at(2, true, 1) }, body.subarray(64, 96));
  // And to a smaller one still, and back.
  ask(w, 'PUT', { block1: at(6, true, 0) }, body.subarray(96, 112));
  ask(w, 'PUT', { block1: at(7, true, 0) }, body.subarray(112, 128));
  t.is(ask(w, 'PUT', { block1: at(2, false, 2) }, body.subarray(128)).code, '2.04');
  t.deepEqual(w.handled[0]?.payload, body);
});

test('a gap, a block without a beginning and blocks of another method are 4.08', async (t) => {
  const w = await world({ handler: changed });
  t.is(ask(w, 'PUT', { block1: at(1, true) }, bytes(16)).code, '4.08');
  ask(w, 'PUT', { block1: at(0, true) }, bytes(16));
  t.is(ask(w, 'POST', { block1: at(1, false) }, bytes(1)).code, '4.08');
  t.is(ask(w, 'PUT', { block1: at(2, true) }, bytes(16)).code, '4.08');
  t.is(ask(w, 'PUT', { block1: at(1, true) }, bytes(16)).code, '4.08', 'the body was given up with the gap');
  t.is(w.handled.length, 0);
});

test('the last block again under a new message id is continued, a new first block starts anew', async (t) => {
  const w = await world({ handler: changed });
  const body = bytes(33);
  ask(w, 'PUT', { block1: at(0, true) }, bytes(16, 100));
  ask(w, 'PUT', { block1: at(0, true) }, body.subarray(0, 16));
  ask(w, 'PUT', { block1: at(1, true) }, body.subarray(16, 32));
  t.is(ask(w, 'PUT', { block1: at(1, true) }, body.subarray(16, 32)).code, '2.31');
  t.is(ask(w, 'PUT', { block1: at(2, false) }, body.subarray(32)).code, '2.04');
  t.deepEqual(w.handled[0]?.payload, body);
});

test('blocks of a wrong length and the reserved size are 4.00', async (t) => {
  const w = await world({ handler: changed });
  t.is(ask(w, 'PUT', { block1: at(0, true) }, bytes(15)).code, '4.00');
  t.is(ask(w, 'PUT', { block1: at(0, true) }, bytes(17)).code, '4.00');
  t.is(ask(w, 'PUT', { block1: at(0, false) }, bytes(17)).code, '4.00');
  t.is(ask(w, 'PUT', { block1: at(0, false, 7) }, bytes(5)).code, '4.00');
  t.is(ask(w, 'GET', { block2: at(0, false, 7) }).code, '4.00');
  t.is(w.handled.length, 0);
});

test('a body beyond the limit is 4.13 with the limit: announced, grown to, or whole', async (t) => {
  const w = await world({ handler: changed, bodyLimit: 40 });
  const announced = ask(w, 'PUT', { block1: at(0, true), size1: 41 }, bytes(16));
  t.deepEqual([announced.code, announced.size1], ['4.13', 40]);
  ask(w, 'PUT', { block1: at(0, true) }, bytes(16));
  ask(w, 'PUT', { block1: at(1, true) }, bytes(16));
  t.is(ask(w, 'PUT', { block1: at(2, false) }, bytes(8)).code, '2.04');
  ask(w, 'PUT', { block1: at(0, true) }, bytes(16));
  ask(w, 'PUT', { block1: at(1, true) }, bytes(16));
  t.is(ask(w, 'PUT', { block1: at(2, false) }, bytes(9)).code, '4.13');
  t.is(ask(w, 'PUT', { block1: at(0xfffff, true, 6) }, bytes(1024)).code, '4.13');
  const whole = ask(w, 'PUT', {}, bytes(41));
  t.deepEqual([whole.code, whole.size1], ['4.13', 40]);
  t.is(w.handled.length, 1);
});

test('concurrent bodies of one peer are told apart by Request-Tag, those of several peers by peer', async (t) => {
  const w = await world({ handler: changed });
  const other = new MemoryPeer('other');
  const tags = [Buffer.of(1), Buffer.of(2), undefined];
  tags.forEach((requestTag, n) => ask(w, 'PUT', { block1: at(0, true), requestTag }, bytes(16, 50 * n)));
  ask(w, 'PUT', { block1: at(0, true) }, bytes(16, 200), other);
  tags.forEach((requestTag, n) => ask(w, 'PUT', { block1: at(1, false), requestTag }, bytes(1, 50 * n)));
  ask(w, 'PUT', { block1: at(1, false) }, bytes(1, 200), other);
  t.deepEqual(
    w.handled.map(({ payload }) => [payload.length, payload[0], payload[16]]),
    [0, 50, 100, 200].map((n) => [17, n, n]),
  );
});

test('a body is dropped when no block has come for 247 s', async (t) => {
  const w = await world({ handler: changed });
  ask(w, 'PUT', { block1: at(0, true) }, bytes(16));
  w.clock.advance(246_999);
  t.is(ask(w, 'PUT', { block1: at(1, true) }, bytes(16)).code, '2.31');
  w.clock.advance(247_000);
  t.is(ask(w, 'PUT', { block1: at(2, false) }, bytes(1)).code, '4.08');
});

test('one peer has no more bodies in the making, and no more bytes of them, than the limits', async (t) => {
  const w = await world({ handler: changed, limits: { bodiesPerPeer: 2 }, bodyLimit: 40 });
  const tag = (n: number) => ({ requestTag: Buffer.of(n) });
  for (const n of [1, 2, 3]) ask(w, 'PUT', { block1: at(0, true), ...tag(n) }, bytes(16));
  t.is(ask(w, 'PUT', { block1: at(1, true), ...tag(1) }, bytes(16)).code, '4.08', 'the oldest had to go');
  t.is(ask(w, 'PUT', { block1: at(1, true), ...tag(2) }, bytes(16)).code, '2.31', '48 bytes: the other had to go');
  t.is(ask(w, 'PUT', { block1: at(1, true), ...tag(3) }, bytes(16)).code, '4.08');
});

test('all peers together have no more bytes of bodies in the making than the limit', async (t) => {
  const w = await world({ handler: changed, limits: { bodyBytes: 100 } });
  const peers = Array.from({ length: 10 }, (_, n) => new MemoryPeer(`peer ${n}`));
  for (const peer of peers) ask(w, 'PUT', { block1: at(0, true) }, bytes(16), peer);
  const codes = peers.map((peer) => ask(w, 'PUT', { block1: at(1, false) }, bytes(1), peer).code);
  t.deepEqual(codes, ['4.08', '4.08', '4.08', '4.08', '2.04', '2.04', '2.04', '2.04', '2.04', '2.04']);
});

test('a large answer comes in blocks: size with the first, the same ETag with all, the handler run once', async (t) => {
  const body = bytes(40);
  const w = await world({ blockSize: 16, handler: () => ({ code: '2.05', contentFormat: 42, payload: body }) });
  const first = ask(w, 'GET', {});
  t.deepEqual([first.code, first.block2, first.size2], ['2.05', at(0, true), 40]);
  const second = ask(w, 'GET', { block2: at(1, false) });
  t.deepEqual([second.code, second.block2, second.size2], ['2.05', at(1, true), undefined]);
  const third = ask(w, 'GET', { block2: at(2, false) });
  t.deepEqual(third.block2, at(2, false));
  t.deepEqual(Buffer.concat([first.body, second.body, third.body]), body);
  t.is(first.etag?.length, 8);
  t.deepEqual([second.etag, third.etag], [first.etag, first.etag]);
  t.is(w.handled.length, 1);
});

test("the handler's own ETag is kept, and a body that fits stays whole", async (t) => {
  const w = await world({
    handler: ({ method }) => ({ code: '2.05', etag: Buffer.of(9), payload: bytes(method === 'GET' ? 1025 : 1024) }),
  });
  const large = ask(w, 'GET', {});
  t.deepEqual([large.etag, large.block2], [Buffer.of(9), at(0, true, 6)]);
  t.is(ask(w, 'FETCH', {}).block2, undefined);
});

test('a client may ask for smaller blocks, first or later', async (t) => {
  const body = bytes(100);
  const w = await world({ handler: () => ({ code: '2.05', payload: body }) });
  const first = ask(w, 'GET', { block2: at(0, false, 1) });
  t.deepEqual(first.block2, at(0, true, 1));
  const second = ask(w, 'GET', { block2: at(2, false, 0) });
  t.deepEqual([second.block2, second.body], [at(2, true, 0), body.subarray(32, 48)]);
});

test('a client that asks for larger blocks than ours gets ours, numbered so', async (t) => {
  const body = bytes(200);
  const w = await world({ blockSize: 32, handler: () => ({ code: '2.05', payload: body }) });
  ask(w, 'GET', { block2: at(0, false, 2) });
  const next = ask(w, 'GET', { block2: at(1, false, 2) });
  t.deepEqual([next.block2, next.body], [at(2, true, 1), body.subarray(64, 96)]);
});

test('a block out of nowhere is cut from a fresh answer to GET, and 4.08 for what must not be done twice', async (t) => {
  const body = bytes(40);
  const w = await world({ blockSize: 16, handler: () => ({ code: '2.05', payload: body }) });
  const second = ask(w, 'GET', { block2: at(1, false) });
  t.deepEqual([second.block2, second.body], [at(1, true), body.subarray(16, 32)]);
  t.is(ask(w, 'POST', { block2: at(1, false) }).code, '4.08');
  t.is(w.handled.length, 1);
});

test('a block beyond the end is 4.00', async (t) => {
  const w = await world({ blockSize: 16, handler: () => ({ code: '2.05', payload: bytes(32) }) });
  ask(w, 'GET', {});
  t.is(ask(w, 'GET', { block2: at(2, false) }).code, '4.00');
  t.is(ask(w, 'FETCH', { block2: at(9, false) }).code, '4.00');
});

test('blocks both ways: the last block of the question brings the first of the answer', async (t) => {
  const answer = bytes(20, 7);
  const w = await world({ blockSize: 16, handler: () => ({ code: '2.04', payload: answer }) });
  ask(w, 'POST', { block1: at(0, true) }, bytes(16));
  const last = ask(w, 'POST', { block1: at(1, false) }, bytes(4));
  t.deepEqual([last.code, last.block1, last.block2], ['2.04', at(1, false), at(0, true)]);
  const rest = ask(w, 'POST', { block2: at(1, false) });
  t.deepEqual(Buffer.concat([last.body, rest.body]), answer);
  t.is(w.handled.length, 1);
});

test('`sent` is called with the first block of an answer', async (t) => {
  let sent = 0;
  const w = await world({ blockSize: 16, handler: () => ({ code: '2.05', payload: bytes(33), sent: () => sent++ }) });
  ask(w, 'GET', {});
  t.is(sent, 1);
  ask(w, 'GET', { block2: at(1, false) });
  t.is(sent, 1);
});

test('an unfinished answer is dropped when no block has been asked for in 247 s', async (t) => {
  const w = await world({ blockSize: 16, handler: () => ({ code: '2.05', payload: bytes(48) }) });
  ask(w, 'POST', {});
  w.clock.advance(246_999);
  t.is(ask(w, 'POST', { block2: at(1, false) }).code, '2.05');
  w.clock.advance(247_000);
  t.is(ask(w, 'POST', { block2: at(2, false) }).code, '4.08');
});
