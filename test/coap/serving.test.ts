import test from 'ava';
import type { CoapReply } from '#src/coap/types.js';
import { empties, readResponse, request, response, wire } from '../support/coap-messages.js';
import { deferred, settled, world } from '../support/coap-world.js';

const get = wire(request('GET', '/a'));

test('a handler gets the request whole and its answer goes out in the acknowledgement', async (t) => {
  const { device, port, handled } = await world({
    handler: () => ({ code: '2.05', contentFormat: 0, maxAge: 5, etag: Buffer.of(1), payload: Buffer.from('21.5') }),
  });
  const options = { contentFormat: 50, accept: 0, observe: 0 };
  port.deliver(wire(request('FETCH', '/a/b?c=d&e', { mid: 7, token: 'abcd', payload: 'q', options })), device);
  t.deepEqual(handled, [
    { method: 'FETCH', path: ['a', 'b'], query: ['c=d', 'e'], payload: Buffer.from('q'), ...options },
  ]);
  t.deepEqual(
    readResponse(device.take()[0]),
    response('2.05', {
      mid: 7,
      token: 'abcd',
      payload: '21.5',
      options: { contentFormat: 0, maxAge: 5, etag: Buffer.of(1) },
    }),
  );
});

test('a registration: Location-Path, and `sent` after it', async (t) => {
  const order: string[] = [];
  const { device, port } = await world({
    handler: () => ({ code: '2.01', location: ['rd', '5F3A'], sent: () => order.push('sent') }),
  });
  device.onDatagram = () => order.push('datagram');
  port.deliver(get, device);
  t.deepEqual(order, ['datagram', 'sent']);
  t.is(device.take()[0], '61410001a18272640435463341');
});

test('an answer within the processing delay is piggybacked, a later one is sent by itself', async (t) => {
  const calls = [deferred(), deferred()];
  let next = 0;
  const { device, port, clock } = await world({ handler: () => calls[next++]?.reply ?? { code: '5.00' } });
  port.deliver(wire(request('GET', '/a', { mid: 1, token: '01' })), device);
  port.deliver(wire(request('GET', '/a', { mid: 2, token: '02' })), device);
  clock.advance(999);
  calls[0]?.resolve({ code: '2.05' });
  await settled();
  t.deepEqual(device.take(), [wire(response('2.05', { mid: 1, token: '01' })).toString('hex')]);
  clock.advance(1);
  t.deepEqual(device.take(), [empties('ACK', 2)]);
  const sent: number[] = [];
  calls[1]?.resolve({ code: '2.05', payload: Buffer.from('late'), sent: () => sent.push(clock.now()) });
  await settled();
  const [datagram] = device.take();
  const separate = readResponse(datagram);
  t.deepEqual(separate, response('2.05', { type: 'CON', mid: separate.mid, token: '02', payload: 'late' }));
  t.is(sent.length, 1);
  clock.advance(2000);
  t.deepEqual(device.take(), [datagram], 'sent again until it is acknowledged');
  port.deliver(empties('ACK', separate.mid), device);
  clock.advance(100_000);
  t.deepEqual(device.take(), []);
  t.is(sent.length, 1);
});

test('a separate response goes before requests that wait, and a reset ends it', async (t) => {
  const { reply, resolve } = deferred();
  const { device, port, clock, endpoint } = await world({ handler: () => reply });
  port.deliver(get, device);
  clock.advance(1000);
  const first = endpoint.request(device, { method: 'GET', path: ['1'] }).catch((e: Error) => e.message);
  const second = endpoint.request(device, { method: 'GET', path: ['2'] }).catch((e: Error) => e.message);
  device.take();
  resolve({ code: '2.05' });
  await settled();
  t.deepEqual(device.take(), []);
  port.deliver(empties('ACK', 0), device);
  const separate = readResponse(device.take()[0]);
  t.is(separate.type, 'CON');
  port.deliver(empties('RST', separate.mid), device);
  t.is(device.take().length, 1);
  endpoint.forget(device);
  await Promise.all([first, second]);
  clock.advance(100_000);
  t.deepEqual(device.take(), []);
});

test('a non-confirmable request is answered by a non-confirmable response, whenever it is ready', async (t) => {
  const { reply, resolve } = deferred();
  const { device, port, clock } = await world({ handler: () => reply });
  port.deliver(wire(request('GET', '/a', { type: 'NON', mid: 900 })), device);
  clock.advance(5000);
  t.deepEqual(device.take(), []);
  resolve({ code: '2.05' });
  await settled();
  t.deepEqual(device.take(), [wire(response('2.05', { type: 'NON', mid: 0 })).toString('hex')]);
});

test('a handler that throws or rejects, at once or late, is 5.00 without a word about why', async (t) => {
  const { reply, reject } = deferred();
  const { device, port, metrics } = await world({
    handler: ({ path }) => {
      if (path[0] === 'late') return reply;
      throw new Error('secret');
    },
  });
  port.deliver(get, device);
  port.deliver(wire(request('GET', '/late', { mid: 2 })), device);
  reject(new Error('secret'));
  await settled();
  t.deepEqual(device.take(), [
    wire(response('5.00', { mid: 1 })).toString('hex'),
    wire(response('5.00', { mid: 2 })).toString('hex'),
  ]);
  t.is(metrics.snapshot()['coap.handler_errors'], 2);
});

test('a reply that cannot be written is 5.00, and a callback that throws harms nobody', async (t) => {
  const replies: CoapReply[] = [
    { code: '2.01', location: ['x'.repeat(70_000)] },
    {
      code: '2.04',
      sent: () => {
        throw new Error('callback');
      },
    },
  ];
  const { device, port, metrics } = await world({
    handler: ({ path }) =>
      path[0] === 'late' ? Promise.resolve(replies[0] as CoapReply) : (replies.shift() as CoapReply),
  });
  port.deliver(wire(request('GET', '/late', { mid: 9 })), device);
  await settled();
  port.deliver(get, device);
  port.deliver(wire(request('GET', '/a', { mid: 2 })), device);
  t.deepEqual(
    device.take().map((hex) => readResponse(hex).code),
    ['5.00', '5.00', '2.04'],
  );
  t.is(metrics.snapshot()['coap.callback_errors'], 1);
});

test('unknown critical options: 4.02 if confirmable, silence otherwise, and no handler [RFC 7252 5.4.1]', async (t) => {
  const { device, port, handled, metrics } = await world();
  port.deliver('41010001a1 e12602aa', device);
  port.deliver('51010002a1 e12602aa', device);
  t.deepEqual(device.take(), [wire(response('4.02', { mid: 1 })).toString('hex')]);
  t.is(handled.length, 0);
  t.is(metrics.snapshot()['coap.bad_options'], 2);
});

test('unknown elective options do not matter', async (t) => {
  const { device, port } = await world({ handler: () => ({ code: '2.05' }) });
  port.deliver('41010001a1 e02601', device);
  t.is(readResponse(device.take()[0]).code, '2.05');
});

test('an unknown method is 4.05, a proxy request 5.05', async (t) => {
  const { device, port, handled } = await world();
  port.deliver('411f0001a1', device);
  port.deliver('41010002a1 d41668747470', device);
  t.deepEqual(
    device.take().map((hex) => readResponse(hex).code),
    ['4.05', '5.05'],
  );
  t.is(handled.length, 0);
});

test('a malformed confirmable message is reset; everything else malformed is dropped', async (t) => {
  const { device, port, handled, metrics } = await world();
  port.deliver('4f01abcd', device);
  for (const hex of ['5f01abcd', '6f01abcd', '7045abcd', '50000001', '80010001', '40', '']) port.deliver(hex, device);
  t.deepEqual(device.take(), [empties('RST', 0xabcd)]);
  t.is(handled.length, 0);
  t.is(metrics.snapshot()['coap.malformed'], 8);
});

test('/.well-known/core lists the links, all or those that match', async (t) => {
  const links = ['</rd>;rt="core.rd oma.lwm2m";ct=40', '</dp>;rt="x"'];
  const { device, port, handled } = await world({ links });
  let mid = 0;
  const ask = (path: string, accept?: number) => {
    port.deliver(wire(request('GET', path, { mid: ++mid, options: { accept } })), device);
    const { code, options, payload } = readResponse(device.take()[0]);
    return [code, options.contentFormat, payload.toString()];
  };
  t.deepEqual(ask('/.well-known/core'), ['2.05', 40, links.join(',')]);
  t.deepEqual(ask('/.well-known/core', 40), ['2.05', 40, links.join(',')]);
  t.deepEqual(ask('/.well-known/core', 50), ['4.06', undefined, '']);
  t.deepEqual(ask('/.well-known/core?rt=oma.lwm2m'), ['2.05', 40, links[0]]);
  t.deepEqual(ask('/.well-known/core?rt=core*'), ['2.05', 40, links[0]]);
  t.deepEqual(ask('/.well-known/core?href=/dp'), ['2.05', 40, links[1]]);
  t.deepEqual(ask('/.well-known/core?ct=41'), ['2.05', 40, '']);
  t.deepEqual(ask('/.well-known/core?x'), ['2.05', 40, links.join(',')]);
  port.deliver(wire(request('POST', '/.well-known/core', { mid: 99 })), device);
  t.is(readResponse(device.take()[0]).code, '4.05');
  t.is(handled.length, 0);
  t.is(ask('/.well-known/core/x')[0], '4.04');
});

test('no more requests of a peer are handled at once than the limit; the others are dropped, to be repeated', async (t) => {
  const { reply, resolve } = deferred();
  const { device, port, handled, metrics } = await world({ handler: () => reply, limits: { handlingPerPeer: 2 } });
  for (const mid of [1, 2, 3]) port.deliver(wire(request('GET', '/a', { mid })), device);
  t.is(handled.length, 2);
  t.is(metrics.snapshot()['coap.overload'], 1);
  resolve({ code: '2.05' });
  await settled();
  port.deliver(wire(request('GET', '/a', { mid: 3 })), device);
  t.is(handled.length, 3);
});

test('a handler that answers after the end is not listened to', async (t) => {
  const { reply, resolve } = deferred();
  const { device, port, endpoint, clock } = await world({ handler: () => reply });
  port.deliver(get, device);
  await endpoint.stop();
  resolve({ code: '2.05' });
  await settled();
  t.deepEqual(device.take(), []);
  t.deepEqual(clock.waiting, []);
});

test('a response to a forgotten peer is still repeated until it is acknowledged', async (t) => {
  const { reply, resolve } = deferred();
  const { device, port, endpoint, clock } = await world({ handler: () => reply });
  port.deliver(get, device);
  clock.advance(1000);
  endpoint.forget(device);
  device.take();
  resolve({ code: '2.05' });
  await settled();
  const separate = readResponse(device.take()[0]);
  port.deliver(empties('ACK', separate.mid), device);
  clock.advance(100_000);
  t.deepEqual(device.take(), []);
});
