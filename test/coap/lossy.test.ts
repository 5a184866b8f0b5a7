import { createHash } from 'node:crypto';
import test from 'ava';
import { link, seeded } from '../support/coap-link.js';

const bad = { drop: 0.1, duplicate: 0.05, reorder: 0.1, reorderMs: 400 };
const mebibyte = 1024 * 1024;

function body(size: number, seed = 7): Buffer {
  const random = seeded(seed);
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at++) bytes[at] = random() * 256;
  return bytes;
}

const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

for (const seed of [1, 2, 3]) {
  test(`a mebibyte up and another down over a link that loses one datagram in ten (${seed})`, async (t) => {
    const up = body(mebibyte, seed);
    const down = body(mebibyte, seed + 100);
    const got: string[] = [];
    const { left, toRight, until, metrics } = await link(
      {
        right: (request) => {
          got.push(hash(request.payload));
          return { code: '2.05', payload: down };
        },
      },
      bad,
      { seed },
    );
    const answer = await until(left.request(toRight, { method: 'POST', path: ['x'], contentFormat: 42, payload: up }));
    t.deepEqual(got, [hash(up)], 'handled once, whole');
    t.is(hash(answer.payload), hash(down));
    t.true((metrics.snapshot()['coap.retransmissions'] ?? 0) > 200);
  });
}

test('small blocks, a token per block, and both ends with their own size', async (t) => {
  const up = body(20_000);
  const { left, toRight, until } = await link({ right: ({ payload }) => ({ code: '2.04', payload }) }, bad, {
    left: { blockSize: 256, tokenPerBlock: true },
    right: { blockSize: 64 },
  });
  const answer = await until(left.request(toRight, { method: 'PUT', path: ['x'], payload: up }));
  t.is(hash(answer.payload), hash(up));
});

test('slow handlers: separate responses get through, and no request is handled twice', async (t) => {
  const handled: string[] = [];
  const world = await link(
    {
      right: (request) => {
        const [name = ''] = request.path;
        handled.push(name);
        return new Promise((resolve) => {
          world.clock.after('handler', 4000, () => resolve({ code: '2.05', payload: Buffer.from(name) }));
        });
      },
    },
    { drop: 0.15, duplicate: 0.2, reorder: 0.2, reorderMs: 3000 },
  );
  const names = Array.from({ length: 15 }, (_, n) => `r${n}`);
  const answers = await world.until(
    Promise.all(names.map((name) => world.left.request(world.toRight, { method: 'GET', path: [name] }))),
  );
  t.deepEqual(
    answers.map((answer) => answer.payload.toString()),
    names,
  );
  t.deepEqual(handled.toSorted(), names.toSorted());
});

test('both ends ask each other at once', async (t) => {
  const echo = ({ payload }: { payload: Buffer }) => ({ code: '2.05' as const, payload });
  const { left, right, toLeft, toRight, until } = await link({ left: echo, right: echo }, bad);
  const bodies = Array.from({ length: 10 }, (_, n) => body(500 * n, n));
  const answers = await until(
    Promise.all(
      bodies.flatMap((payload) => [
        left.request(toRight, { method: 'PUT', path: ['l'], payload }),
        right.request(toLeft, { method: 'PUT', path: ['r'], payload }),
      ]),
    ),
  );
  t.deepEqual(
    answers.map((answer) => hash(answer.payload)),
    bodies.flatMap((payload) => [hash(payload), hash(payload)]),
  );
});
