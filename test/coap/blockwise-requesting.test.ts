import test from 'ava';
import type { Block } from '#src/coap/block.js';
import type { RequestMessage } from '#src/coap/message.js';
import type { Options } from '#src/coap/options.js';
import type { ResponseCode } from '#src/coap/types.js';
import { empties, readRequest, response, wire } from '../support/coap-messages.js';
import { settled, type World, world } from '../support/coap-world.js';

const at = (num: number, more: boolean, szx = 0): Block => ({ num, more, szx });
const bytes = (size: number, from = 0): Buffer =>
  Buffer.from(Array.from({ length: size }, (_, n) => (from + n) & 0xff));

/** The one request that has gone out. */
function next({ device }: World): RequestMessage {
  const sent = device.take();
  if (sent.length !== 1) throw new Error(`${sent.length} datagrams where one request was expected`);
  return readRequest(sent[0]);
}

function answer(
  w: World,
  to: RequestMessage,
  code: ResponseCode,
  options: Partial<Options> = {},
  payload?: Buffer,
): void {
  w.port.deliver(wire(response(code, { mid: to.mid, token: to.token.toString('hex'), options, payload })), w.device);
}

const put = (payload: Buffer, path = 'x') => ({ method: 'PUT', path: [path], contentFormat: 42, payload }) as const;
const get = { method: 'GET', path: ['x'], query: ['q'], accept: 60 } as const;

test('a large body goes out in blocks, with its size first', async (t) => {
  const w = await world({ blockSize: 16 });
  const body = bytes(40);
  const asked = w.endpoint.request(w.device, put(body));
  const got: Buffer[] = [];
  for (const [num, more] of [
    [0, true],
    [1, true],
    [2, false],
  ] as const) {
    const sent = next(w);
    t.deepEqual([sent.method, sent.options.path, sent.options.contentFormat], ['PUT', ['x'], 42]);
    t.deepEqual(sent.options.block1, at(num, more));
    t.is(sent.options.size1, num === 0 ? 40 : undefined);
    got.push(sent.payload);
    answer(w, sent, more ? '2.31' : '2.04', { block1: at(num, more) });
  }
  t.is((await asked).code, '2.04');
  t.deepEqual(Buffer.concat(got), body);
});

test('the time for an answer is that for each block, not for the whole body', async (t) => {
  const w = await world({ blockSize: 16 });
  const slow = w.endpoint.request(w.device, { ...put(bytes(64)), withinMs: 5000 });
  for (let num = 0; num < 4; num += 1) {
    const sent = next(w);
    w.clock.advance(1999);
    answer(w, sent, num < 3 ? '2.31' : '2.04', { block1: at(num, num < 3) });
  }
  t.is((await slow).code, '2.04', 'after 8 s');
  const silent = t.throwsAsync(w.endpoint.request(w.device, { ...put(bytes(64)), withinMs: 5000 }), {
    code: 'TIMEOUT',
  });
  w.clock.advance(5000);
  await silent;
});

test('a body of one block goes whole', async (t) => {
  const w = await world();
  const asked = w.endpoint.request(w.device, put(bytes(1024)));
  const sent = next(w);
  t.deepEqual([sent.options.block1, sent.options.size1, sent.payload.length], [undefined, undefined, 1024]);
  answer(w, sent, '2.04');
  await asked;
});

for (const tokenPerBlock of [false, true]) {
  test(`a token for the whole transfer or for each block: tokenPerBlock ${tokenPerBlock}`, async (t) => {
    const w = await world({ blockSize: 16, tokenPerBlock });
    const asked = w.endpoint.request(w.device, put(bytes(20)));
    const tokens = new Set<string>();
    const note = (message: RequestMessage): RequestMessage => {
      tokens.add(message.token.toString('hex'));
      return message;
    };
    answer(w, note(next(w)), '2.31', { block1: at(0, true) });
    answer(w, note(next(w)), '2.04', { block1: at(1, false), block2: at(0, true) }, bytes(16));
    answer(w, note(next(w)), '2.04', { block2: at(1, true) }, bytes(16));
    answer(w, note(next(w)), '2.04', { block2: at(2, false) }, bytes(1));
    t.is((await asked).payload.length, 33);
    t.is(tokens.size, tokenPerBlock ? 4 : 1);
  });
}

test('the peer may ask for smaller blocks on the way', async (t) => {
  const w = await world({ blockSize: 64 });
  const body = bytes(150);
  const asked = w.endpoint.request(w.device, put(body));
  const got: Buffer[] = [];
  const step = (expected: Block, reply: Block): void => {
    const sent = next(w);
    t.deepEqual(sent.options.block1, expected);
    got.push(sent.payload);
    answer(w, sent, expected.more ? '2.31' : '2.04', { block1: reply });
  };
  step(at(0, true, 2), at(0, true, 1));
  step(at(2, true, 1), at(2, true, 1));
  step(at(3, true, 1), at(3, true, 6));
  step(at(4, false, 1), at(4, false, 1));
  await asked;
  t.deepEqual(Buffer.concat(got), body);
});

test('after a 4.13 that names a smaller block the body is sent again in such blocks', async (t) => {
  const w = await world();
  const body = bytes(40);
  const asked = w.endpoint.request(w.device, put(body));
  const whole = next(w);
  t.is(whole.options.block1, undefined);
  answer(w, whole, '4.13', { block1: at(0, false, 1) });
  const first = next(w);
  t.deepEqual([first.options.block1, first.payload.length], [at(0, true, 1), 32]);
  answer(w, first, '4.13', { block1: at(0, true, 0) });
  for (const [num, more] of [
    [0, true],
    [1, true],
    [2, false],
  ] as const) {
    const sent = next(w);
    t.deepEqual(sent.options.block1, at(num, more));
    answer(w, sent, more ? '2.31' : '2.04', { block1: at(num, more) });
  }
  t.is((await asked).code, '2.04');
});

test('a 4.13 that leaves no way out is the answer', async (t) => {
  const w = await world();
  for (const options of [{}, { block1: at(0, false, 6) }, { block1: at(0, false, 0), size1: 30 }]) {
    const asked = w.endpoint.request(w.device, put(bytes(40)));
    answer(w, next(w), '4.13', options);
    t.is((await asked).code, '4.13');
  }
});

test('an error on the way is the answer; a block that was taken for another is none', async (t) => {
  const w = await world({ blockSize: 16 });
  const refused = w.endpoint.request(w.device, put(bytes(40)));
  answer(w, next(w), '4.04', {}, Buffer.from('no such thing'));
  t.is((await refused).payload.toString(), 'no such thing');
  for (const [code, block1] of [
    ['2.31', at(1, true)],
    ['2.04', undefined],
    ['2.31', undefined],
  ] as const) {
    const asked = w.endpoint.request(w.device, put(bytes(40)));
    answer(w, next(w), code, { block1 });
    await t.throwsAsync(asked, { code: 'PROTOCOL' });
  }
  const last = w.endpoint.request(w.device, put(bytes(3)));
  answer(w, next(w), '2.31', { block1: at(0, true) });
  await t.throwsAsync(last, { code: 'PROTOCOL' });
});

test('a peer that acts on each block by itself is sent the rest all the same', async (t) => {
  const w = await world({ blockSize: 16 });
  const asked = w.endpoint.request(w.device, put(bytes(20)));
  answer(w, next(w), '2.04', { block1: at(0, false) });
  const second = next(w);
  t.deepEqual(second.options.block1, at(1, false));
  answer(w, second, '2.04', { block1: at(1, false) });
  t.is((await asked).code, '2.04');
});

test('a large answer is fetched block by block, asked for in the same words', async (t) => {
  const w = await world();
  const body = bytes(40);
  const asked = w.endpoint.request(w.device, get);
  const etag = Buffer.of(5);
  answer(
    w,
    next(w),
    '2.05',
    { block2: at(0, true), size2: 40, contentFormat: 60, etag, maxAge: 9 },
    body.subarray(0, 16),
  );
  const second = next(w);
  const { path, query, accept, block2, observe } = second.options;
  t.deepEqual(
    [second.method, path, query, accept, block2, observe],
    ['GET', ['x'], ['q'], 60, at(1, false), undefined],
  );
  answer(w, second, '2.05', { block2: at(1, true), etag }, body.subarray(16, 32));
  answer(w, next(w), '2.05', { block2: at(2, false), etag }, body.subarray(32));
  t.deepEqual(await asked, {
    code: '2.05',
    contentFormat: 60,
    etag,
    maxAge: 9,
    location: undefined,
    observe: undefined,
    payload: body,
  });
});

test('a block size of ours below the usual is asked for beforehand', async (t) => {
  const w = await world({ blockSize: 64 });
  void w.endpoint.request(w.device, get).catch(() => undefined);
  t.deepEqual(next(w).options.block2, at(0, false, 2));
  w.endpoint.forget(w.device);
});

test('the peer may change to smaller blocks, and larger ones than ours are not asked for again', async (t) => {
  const w = await world({ blockSize: 32 });
  const body = bytes(130);
  const asked = w.endpoint.request(w.device, get);
  answer(w, next(w), '2.05', { block2: at(0, true, 2) }, body.subarray(0, 64));
  const second = next(w);
  t.deepEqual(second.options.block2, at(2, false, 1));
  answer(w, second, '2.05', { block2: at(4, true, 0) }, body.subarray(64, 80));
  const third = next(w);
  t.deepEqual(third.options.block2, at(5, false, 0));
  answer(w, third, '2.05', { block2: at(5, false, 0) }, body.subarray(80, 90));
  t.deepEqual((await asked).payload, body.subarray(0, 90));
});

test("a FETCH says what it fetches with every block; a POST's body goes once", async (t) => {
  const w = await world();
  for (const method of ['FETCH', 'POST'] as const) {
    const asked = w.endpoint.request(w.device, { method, path: ['x'], contentFormat: 110, payload: Buffer.from('[]') });
    answer(w, next(w), '2.05', { block2: at(0, true) }, bytes(16));
    const second = next(w);
    t.is(second.payload.toString(), method === 'FETCH' ? '[]' : '');
    t.is(second.options.contentFormat, method === 'FETCH' ? 110 : undefined);
    answer(w, second, '2.05', { block2: at(1, false) }, bytes(1));
    t.is((await asked).payload.length, 17);
  }
});

test('a body that changes on the way is begun anew, twice at most', async (t) => {
  const w = await world();
  const asked = w.endpoint.request(w.device, get);
  const tag = (n: number) => ({ etag: Buffer.of(n) });
  answer(w, next(w), '2.05', { block2: at(0, true), ...tag(1) }, bytes(16));
  answer(w, next(w), '2.05', { block2: at(1, false), ...tag(2) }, bytes(3));
  const again = next(w);
  t.is(again.options.block2?.num, 0);
  answer(w, again, '2.05', { block2: at(0, true), ...tag(2) }, bytes(16, 50));
  answer(w, next(w), '2.05', { block2: at(1, false), ...tag(2) }, bytes(3, 66));
  t.deepEqual((await asked).payload, bytes(19, 50));
  const restless = t.throwsAsync(w.endpoint.request(w.device, get), { code: 'PROTOCOL', message: /changes/ });
  answer(w, next(w), '2.05', { block2: at(0, true), ...tag(0) }, bytes(16));
  for (const n of [1, 2]) {
    answer(w, next(w), '2.05', { block2: at(1, true), ...tag(n) }, bytes(16));
    answer(w, next(w), '2.05', { block2: at(0, true), ...tag(n) }, bytes(16));
  }
  answer(w, next(w), '2.05', { block2: at(1, true), ...tag(3) }, bytes(16));
  await restless;
});

test('blocks that make no sense', async (t) => {
  const w = await world();
  const first = { block2: at(0, true) };
  for (const [name, options, payload] of [
    ['no block', {}, bytes(16)],
    ['another block', { block2: at(2, true) }, bytes(16)],
    ['the first again', { block2: at(0, true) }, bytes(16)],
    ['a short one', { block2: at(1, true) }, bytes(15)],
    ['an empty one', { block2: at(1, true) }, bytes(0)],
    ['the reserved size', { block2: at(1, true, 7) }, bytes(16)],
  ] as const) {
    const asked = w.endpoint.request(w.device, get);
    answer(w, next(w), '2.05', first, bytes(16));
    answer(w, next(w), '2.05', options, payload);
    await t.throwsAsync(asked, { code: 'PROTOCOL' }, name);
  }
  const late = w.endpoint.request(w.device, get);
  answer(w, next(w), '2.05', { block2: at(1, false) }, bytes(16));
  await t.throwsAsync(late, { code: 'PROTOCOL' });
});

test('an error in place of a block is the answer', async (t) => {
  const w = await world();
  const asked = w.endpoint.request(w.device, get);
  answer(w, next(w), '2.05', { block2: at(0, true) }, bytes(16));
  answer(w, next(w), '4.08');
  t.is((await asked).code, '4.08');
});

test('an answer beyond the limit is given up: announced or grown to', async (t) => {
  const w = await world({ bodyLimit: 40 });
  const announced = w.endpoint.request(w.device, get);
  answer(w, next(w), '2.05', { block2: at(0, true), size2: 41 }, bytes(16));
  await t.throwsAsync(announced, { code: 'TOO_LARGE' });
  const grown = w.endpoint.request(w.device, get);
  answer(w, next(w), '2.05', { block2: at(0, true) }, bytes(16));
  answer(w, next(w), '2.05', { block2: at(1, true) }, bytes(16));
  answer(w, next(w), '2.05', { block2: at(2, false) }, bytes(9));
  await t.throwsAsync(grown, { code: 'TOO_LARGE' });
});

test('each block has its own time, and one more try when others have gone through', async (t) => {
  const w = await world({ blockSize: 16 });
  let code = '';
  w.endpoint.request(w.device, put(bytes(40))).catch((error: Error & { code: string }) => {
    code = error.code;
  });
  w.clock.advance(60_000);
  answer(w, readRequest(w.device.take()[0]), '2.31', { block1: at(0, true) });
  w.clock.advance(61_999);
  t.is(new Set(w.device.take()).size, 1);
  w.clock.advance(1);
  const again = next(w);
  t.deepEqual(again.options.block1, at(1, true));
  answer(w, again, '2.31', { block1: at(1, true) });
  t.deepEqual(next(w).options.block1, at(2, false));
  w.clock.advance(62_000);
  w.device.take();
  w.clock.advance(61_999);
  await settled();
  t.is(code, '');
  w.clock.advance(1);
  await settled();
  t.is(code, 'TIMEOUT');
});

test('a first block that is not answered is not tried again', async (t) => {
  const w = await world({ blockSize: 16 });
  const failed = t.throwsAsync(w.endpoint.request(w.device, put(bytes(40))), { code: 'TIMEOUT' });
  w.clock.advance(62_000);
  await failed;
});

test('`acknowledged` is called once per request, not per block', async (t) => {
  const w = await world({ blockSize: 16 });
  let count = 0;
  const asked = w.endpoint.request(w.device, { ...put(bytes(20)), acknowledged: () => count++ });
  for (const [num, more] of [
    [0, true],
    [1, false],
  ] as const) {
    const sent = next(w);
    w.port.deliver(empties('ACK', sent.mid), w.device);
    const token = sent.token.toString('hex');
    const options = { block1: at(num, more) };
    w.port.deliver(wire(response(more ? '2.31' : '2.04', { type: 'NON', mid: 50 + num, token, options })), w.device);
  }
  await asked;
  t.is(count, 1);
});

test('a second transfer with the same resource waits for the first; other requests go between its blocks', async (t) => {
  const w = await world({ blockSize: 16 });
  const order: string[] = [];
  const done = (name: string) => () => void order.push(name);
  const all = Promise.all([
    w.endpoint.request(w.device, put(bytes(20))).then(done('first')),
    w.endpoint.request(w.device, put(bytes(20, 100))).then(done('second')),
    w.endpoint.request(w.device, put(bytes(1), 'y')).then(done('other')),
  ]);
  const sent: string[] = [];
  for (let n = 0; n < 5; n++) {
    const message = next(w);
    const { path, block1 } = message.options;
    sent.push(`${path[0]} ${block1?.num ?? '-'} ${message.payload[0]}`);
    answer(w, message, block1?.more === true ? '2.31' : '2.04', { block1 });
    await settled();
  }
  await all;
  t.deepEqual(sent, ['x 0 0', 'y - 0', 'x 1 16', 'x 0 100', 'x 1 116']);
  t.deepEqual(order, ['other', 'first', 'second']);
});

test('what waits for its turn is given up with its peer', async (t) => {
  const w = await world({ blockSize: 16 });
  const both = [w.endpoint.request(w.device, put(bytes(20))), w.endpoint.request(w.device, put(bytes(20)))];
  w.endpoint.forget(w.device);
  for (const asked of both) await t.throwsAsync(asked, { code: 'CANCELLED' });
  w.device.take();
  w.clock.advance(300_000);
  t.deepEqual(w.device.take(), []);
  t.deepEqual(w.clock.waiting, []);
});
