import test from 'ava';
import { empties, readRequest, response, wire } from '../support/coap-messages.js';
import { settled, world } from '../support/coap-world.js';

const get = { method: 'GET', path: ['3', '0', '0'] } as const;

/** When a request is sent and sent again, in ms, and when it is given up. */
async function schedule(jitter: number): Promise<{ sent: number[]; failedAt: number; code: string }> {
  const { clock, endpoint, device } = await world({ random: () => jitter });
  const sent: number[] = [];
  const start = clock.now();
  device.onDatagram = () => void sent.push(clock.now() - start);
  const failed = endpoint.request(device, get).then(
    () => ({ failedAt: 0, code: '' }),
    (error: Error & { code: string }) => ({ failedAt: clock.now() - start, code: error.code }),
  );
  for (let ms = 0; ms < 100_000; ms += 500) {
    clock.advance(500);
    await settled();
  }
  return { sent, ...(await failed) };
}

test('a request is sent five times, 2, 4, 8 and 16 s apart, and given up after 62 s [RFC 7252 4.2, 4.8.2]', async (t) => {
  t.deepEqual(await schedule(0), { sent: [0, 2000, 6000, 14_000, 30_000], failedAt: 62_000, code: 'TIMEOUT' });
});

test('with the longest jitter the waits are half as long again, and it ends after 93 s', async (t) => {
  const almostOne = await schedule(1 - 2 ** -53);
  t.deepEqual(
    almostOne.sent.map((ms) => Math.round(ms)),
    [0, 3000, 9000, 21_000, 45_000],
  );
  t.is(almostOne.failedAt, 93_000);
});

test('a request that may take only so long is given up, and what waited behind it goes', async (t) => {
  const { clock, endpoint, device } = await world();
  const first = t.throwsAsync(endpoint.request(device, { ...get, withinMs: 5000 }), { code: 'TIMEOUT' });
  void t.throwsAsync(endpoint.request(device, { method: 'GET', path: ['1'] }));
  clock.advance(4999);
  device.take();
  clock.advance(1);
  await first;
  t.deepEqual(readRequest(device.take()[0]).options.path, ['1']);
  await endpoint.stop();
});

test('so is one whose acknowledgement has come', async (t) => {
  const { clock, endpoint, device, port } = await world();
  const asked = t.throwsAsync(endpoint.request(device, { ...get, withinMs: 5000 }), { code: 'TIMEOUT' });
  clock.advance(1000);
  port.deliver(empties('ACK', readRequest(device.take()[0]).mid), device);
  clock.advance(4000);
  await asked;
});

test('every repetition is the same datagram', async (t) => {
  const { clock, endpoint, device } = await world();
  const failed = t.throwsAsync(endpoint.request(device, get));
  clock.advance(62_000);
  await failed;
  t.is(new Set(device.take()).size, 1);
});

test('an empty acknowledgement stops the repetitions', async (t) => {
  const { clock, endpoint, device, port } = await world();
  let acknowledged = 0;
  const asked = endpoint.request(device, { ...get, acknowledged: () => acknowledged++ });
  const request = readRequest(device.take()[0]);
  port.deliver(empties('ACK', request.mid), device);
  port.deliver(empties('ACK', request.mid), device);
  t.is(acknowledged, 1);
  clock.advance(60_000);
  t.deepEqual(device.take(), []);
  const token = request.token.toString('hex');
  port.deliver(wire(response('2.05', { type: 'CON', mid: 77, token, payload: '21.5' })), device);
  t.is((await asked).payload.toString(), '21.5');
  t.deepEqual(device.take(), [empties('ACK', 77)]);
});

test('an acknowledgement with another message id stops nothing', async (t) => {
  const { clock, endpoint, device, port, metrics } = await world();
  const failed = t.throwsAsync(endpoint.request(device, get), { message: /does not answer/ });
  port.deliver(empties('ACK', readRequest(device.take()[0]).mid + 1), device);
  clock.advance(2000);
  t.is(device.take().length, 1);
  t.is(metrics.snapshot()['coap.unmatched'], 1);
  clock.advance(60_000);
  await failed;
  t.is(metrics.snapshot()['coap.retransmissions'], 4);
  t.is(metrics.snapshot()['coap.timeouts'], 1);
});

for (const [timeoutMs, expected] of [
  [undefined, 93_000],
  [5000, 5000],
] as const) {
  test(`after the acknowledgement the response has ${expected} ms`, async (t) => {
    const { clock, endpoint, device, port } = await world();
    let code = '';
    endpoint.request(device, { ...get, timeoutMs }).catch((error: Error & { code: string }) => {
      code = error.code;
    });
    clock.advance(1000);
    port.deliver(empties('ACK', 0), device);
    clock.advance(expected - 1);
    await settled();
    t.is(code, '');
    clock.advance(1);
    await settled();
    t.is(code, 'TIMEOUT');
  });
}

test('a reset ends the request', async (t) => {
  const { clock, endpoint, device, port } = await world();
  const failed = t.throwsAsync(endpoint.request(device, get), { code: 'RESET' });
  port.deliver(empties('RST', readRequest(device.take()[0]).mid), device);
  await failed;
  clock.advance(100_000);
  t.deepEqual(device.take(), []);
});

test('a non-confirmable request goes out once and waits for its response', async (t) => {
  const { clock, endpoint, device, port } = await world();
  const failed = t.throwsAsync(endpoint.request(device, { ...get, confirmable: false, timeoutMs: 10_000 }), {
    code: 'TIMEOUT',
  });
  clock.advance(10_000);
  await failed;
  t.deepEqual(
    device.take().map((hex) => readRequest(hex).type),
    ['NON'],
  );
  const asked = endpoint.request(device, { ...get, confirmable: false });
  const token = readRequest(device.take()[0]).token.toString('hex');
  port.deliver(wire(response('2.05', { type: 'NON', mid: 5, token, payload: 'x' })), device);
  t.is((await asked).payload.toString(), 'x');
});
