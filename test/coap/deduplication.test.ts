import test from 'ava';
import type { CoapReply } from '#src/coap/types.js';
import { empties, readResponse, request, wire } from '../support/coap-messages.js';
import { deferred, settled, world } from '../support/coap-world.js';
import { MemoryPeer } from '../support/memory-port.js';

const post = (parts: Parameters<typeof request>[2] = {}) => wire(request('POST', '/rd', parts));
const changed = (): CoapReply => ({ code: '2.04' });

test('a duplicate is answered from the stored reply until 247 s have passed', async (t) => {
  let count = 0;
  const { device, port, clock, metrics } = await world({
    handler: () => ({ code: '2.01', payload: Buffer.from(String(++count)) }),
  });
  port.deliver(post(), device);
  const [first] = device.take();
  clock.advance(246_999);
  port.deliver(post(), device);
  t.deepEqual(device.take(), [first]);
  t.is(metrics.snapshot()['coap.duplicates'], 1);
  clock.advance(1);
  port.deliver(post(), device);
  t.is(readResponse(device.take()[0]).payload.toString(), '2');
});

test('a non-confirmable duplicate is dropped until 145 s have passed', async (t) => {
  const { device, port, clock, handled } = await world({ handler: changed });
  const question = post({ type: 'NON' });
  port.deliver(question, device);
  t.is(readResponse(device.take()[0]).type, 'NON');
  clock.advance(144_999);
  port.deliver(question, device);
  t.deepEqual(device.take(), []);
  t.is(handled.length, 1);
  clock.advance(1);
  port.deliver(question, device);
  t.is(handled.length, 2);
});

test('a duplicate while the first is being handled: nothing, then the acknowledgement again', async (t) => {
  const { reply, resolve } = deferred();
  const { device, port, clock, handled } = await world({ handler: () => reply });
  port.deliver(post(), device);
  clock.advance(999);
  port.deliver(post(), device);
  t.deepEqual(device.take(), []);
  clock.advance(1);
  t.deepEqual(device.take(), [empties('ACK', 1)]);
  port.deliver(post(), device);
  t.deepEqual(device.take(), [empties('ACK', 1)]);
  resolve({ code: '2.04' });
  await settled();
  const separate = readResponse(device.take()[0]);
  t.is(separate.type, 'CON');
  port.deliver(empties('ACK', separate.mid), device);
  port.deliver(post(), device);
  t.deepEqual(device.take(), [empties('ACK', 1)]);
  t.is(handled.length, 1);
});

test('message ids are per peer and direction', async (t) => {
  const { device, port, handled, endpoint } = await world({ handler: changed });
  const other = new MemoryPeer('other');
  const asked = endpoint.request(device, { method: 'GET' }).catch(() => undefined);
  t.is(device.take().length, 1);
  // Our own request has message id 0, too.
  port.deliver(post({ mid: 0 }), device);
  port.deliver(post({ mid: 0 }), other);
  t.is(handled.length, 2);
  endpoint.forget(device);
  await asked;
});

test('a device that has started anew and counts from the same number is heard', async (t) => {
  const { device, port, handled } = await world({ handler: changed });
  port.deliver(post({ token: 'a1' }), device);
  port.deliver(post({ token: 'b2' }), device);
  port.deliver(post({ token: 'b2', payload: '1st' }), device);
  port.deliver(post({ token: 'b2', payload: '2nd' }), device);
  t.is(handled.length, 4);
});

test('no more messages per peer are remembered than the limit, the oldest go first', async (t) => {
  const { device, port, handled } = await world({ handler: changed, limits: { messagesPerPeer: 3 } });
  for (const mid of [1, 2, 3, 4]) port.deliver(post({ mid }), device);
  t.is(handled.length, 4);
  for (const mid of [2, 3, 4]) port.deliver(post({ mid }), device);
  t.is(handled.length, 4);
  port.deliver(post({ mid: 1 }), device);
  t.is(handled.length, 5);
});

test('what is being handled is remembered beyond the limit', async (t) => {
  const { reply } = deferred();
  const { device, port, handled } = await world({
    handler: ({ path }) => (path[0] === 'slow' ? reply : changed()),
    limits: { messagesPerPeer: 2 },
  });
  const slow = wire(request('POST', '/slow', { mid: 100 }));
  port.deliver(slow, device);
  for (const mid of [1, 2, 3, 4]) port.deliver(post({ mid }), device);
  port.deliver(slow, device);
  t.is(handled.length, 5);
});

test('kept replies take no more memory than the limit: the peer that is silent for longest is forgotten', async (t) => {
  const { port, handled } = await world({
    handler: () => ({ code: '2.05', payload: Buffer.alloc(900) }),
    limits: { replyBytes: 10_000 },
  });
  const peers = Array.from({ length: 20 }, (_, n) => new MemoryPeer(`device ${n}`));
  for (const peer of peers) port.deliver(post(), peer);
  for (const peer of peers.slice(-9)) port.deliver(post(), peer);
  t.is(handled.length, 20);
  port.deliver(post(), peers[0] as MemoryPeer);
  t.is(handled.length, 21);
});
