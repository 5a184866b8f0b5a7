import test from 'ava';
import fc from 'fast-check';
import { encodeMessage } from '#src/coap/encode.js';
import type { Log } from '#src/core/log.js';
import { anyDatagram, anyMessage } from '../support/coap-arbitraries.js';
import { request, response, wire } from '../support/coap-messages.js';
import { world } from '../support/coap-world.js';
import { fuzzRuns } from '../support/fuzz.js';
import { MemoryPeer } from '../support/memory-port.js';

/** A log that counts its lines, at every level but trace. */
function countingLog(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const write = (_fields: object, message: string): void => void lines.push(message);
  const log: Log = {
    trace: () => {},
    debug: write,
    info: write,
    warn: write,
    error: write,
    child: () => log,
    isLevelEnabled: (level) => level !== 'trace',
  };
  return { log, lines };
}

test('property: what comes back without a handler is never longer than what came, whatever came', async (t) => {
  const { log } = countingLog();
  let w = await world({ log });
  const datagrams = fc.array(anyDatagram(anyMessage.map(encodeMessage)), { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(datagrams, async (list) => {
      w = await world({ log });
      for (const datagram of list) {
        const before = w.handled.length;
        w.port.deliver(Buffer.from(datagram), w.device);
        const bytes = w.device.received.splice(0).reduce((sum, answer) => sum + answer.length, 0);
        if (w.handled.length === before && !datagram.includes('.well-known')) t.true(bytes <= datagram.length);
      }
      await w.endpoint.stop();
      t.deepEqual(w.clock.waiting, []);
    }),
    { numRuns: Math.max(300, fuzzRuns / 20) },
  );
});

test('a flood of rubbish and of messages that belong to nothing leaves no state and few log lines', async (t) => {
  const { log, lines } = countingLog();
  const w = await world({ log });
  const flood = [
    Buffer.from('4f01abcd', 'hex'),
    Buffer.from('ffffffffff', 'hex'),
    Buffer.from('40001234', 'hex'),
    Buffer.from('60001234', 'hex'),
    Buffer.from('70001234', 'hex'),
    Buffer.from('41010001a1e12602aa', 'hex'),
    Buffer.from('411f0001a1', 'hex'),
    wire(response('2.05', { type: 'CON' })),
    wire(response('2.05', { type: 'NON', options: { observe: 3 } })),
    wire(response('2.05')),
  ];
  for (let n = 0; n < 20_000; n++) {
    w.port.deliver(flood[n % flood.length] as Buffer, new MemoryPeer(`peer ${n % 5000}`));
    if (n % 100 === 0) w.clock.advance(10);
  }
  t.deepEqual(w.clock.waiting, [], 'no timer, so nothing is remembered of anybody');
  t.true(lines.length <= 8, `${lines.length} lines`);
  t.deepEqual(w.handled, []);
  w.clock.advance(10_000);
  w.port.deliver(flood[0] as Buffer, w.device);
  t.true(lines.length <= 9);
});

test('more peers than the limit: the ones silent for longest are forgotten', async (t) => {
  const w = await world({ handler: () => ({ code: '2.04' }), limits: { peers: 100 } });
  const peers = Array.from({ length: 150 }, (_, n) => new MemoryPeer(`peer ${n}`));
  const question = wire(request('POST', '/rd'));
  for (const peer of peers) w.port.deliver(question, peer);
  t.is(w.handled.length, 150);
  for (const peer of peers.slice(50)) w.port.deliver(question, peer);
  t.is(w.handled.length, 150);
  w.port.deliver(question, peers[49] as MemoryPeer);
  t.is(w.handled.length, 151);
});

test('a peer with a request under way is not forgotten for others', async (t) => {
  const w = await world({ handler: () => ({ code: '2.04' }), limits: { peers: 10 } });
  const asked = w.endpoint.request(w.device, { method: 'GET', path: ['x'] });
  const question = wire(request('POST', '/rd'));
  for (let n = 0; n < 50; n++) w.port.deliver(question, new MemoryPeer(`peer ${n}`));
  w.clock.advance(2000);
  t.is(w.device.received.length, 2);
  w.port.deliver(wire(response('2.05', { mid: 0, token: '0000000000000001' })), w.device);
  t.is((await asked).code, '2.05');
});

test('of a silent peer nothing is left after 247 s', async (t) => {
  const w = await world({ handler: () => ({ code: '2.04' }) });
  w.port.deliver(wire(request('POST', '/rd')), w.device);
  t.deepEqual(w.clock.waiting, ['coap idle peers']);
  w.clock.advance(246_999);
  t.deepEqual(w.clock.waiting, ['coap idle peers']);
  w.clock.advance(1);
  t.deepEqual(w.clock.waiting, []);
});

test('a peer is kept while it is heard of', async (t) => {
  const w = await world({ handler: () => ({ code: '2.04' }) });
  for (let mid = 1; mid < 10; mid++) {
    w.port.deliver(wire(request('POST', '/rd', { mid })), w.device);
    w.clock.advance(100_000);
  }
  t.deepEqual(w.clock.waiting, ['coap idle peers']);
  w.clock.advance(147_000);
  t.deepEqual(w.clock.waiting, []);
});
