import test from 'ava';
import { empties, read, readRequest, request, response, wire } from '../support/coap-messages.js';
import { settled, world } from '../support/coap-world.js';
import { MemoryPeer } from '../support/memory-port.js';

const get = (path: string) => ({ method: 'GET', path: [path] }) as const;

test('a piggybacked response', async (t) => {
  const { endpoint, device, port } = await world();
  const asked = endpoint.request(device, {
    method: 'POST',
    path: ['5', '0', 'ä'],
    query: ['a=1', 'b'],
    contentFormat: 0,
    accept: 11542,
    payload: Buffer.from('x'),
  });
  const sent = readRequest(device.take()[0]);
  t.is(sent.token.length, 8);
  t.deepEqual(
    sent,
    request('POST', '/5/0/ä?a=1&b', {
      mid: sent.mid,
      token: sent.token.toString('hex'),
      options: { contentFormat: 0, accept: 11542 },
      payload: 'x',
    }),
  );
  const token = sent.token.toString('hex');
  const options = { contentFormat: 0, maxAge: 30, etag: Buffer.of(7), location: ['5', '1'] };
  port.deliver(wire(response('2.01', { mid: sent.mid, token, payload: 'y', options })), device);
  t.deepEqual(await asked, { code: '2.01', observe: undefined, payload: Buffer.from('y'), ...options });
});

test('message ids count up from a random start, per peer; tokens differ', async (t) => {
  const { endpoint, device, port } = await world({ random: () => 0.99999 });
  const seen: [number, string][] = [];
  for (let n = 0; n < 3; n++) {
    const asked = endpoint.request(device, get('a'));
    const sent = readRequest(device.take()[0]);
    seen.push([sent.mid, sent.token.toString('hex')]);
    port.deliver(wire(response('2.05', { mid: sent.mid, token: sent.token.toString('hex') })), device);
    await asked;
  }
  t.deepEqual(
    seen.map(([mid]) => mid),
    [65_535, 0, 1],
  );
  t.is(new Set(seen.map(([, token]) => token)).size, 3);
});

test('one request at a time per peer; the next goes out when the first is answered, acknowledged, reset or given up', async (t) => {
  const { endpoint, device, port, clock } = await world();
  const other = new MemoryPeer('other');
  const asked = ['a', 'b', 'c', 'd', 'e'].map((path) => endpoint.request(device, get(path)).catch((e: Error) => e));
  void endpoint.request(other, get('a')).catch(() => undefined);
  t.is(other.take().length, 1);
  const next = () => {
    const [hex, ...more] = device.take();
    t.deepEqual(more, []);
    return readRequest(hex);
  };
  const a = next();
  t.deepEqual(a.options.path, ['a']);
  port.deliver(wire(response('2.05', { mid: a.mid, token: a.token.toString('hex') })), device);
  const b = next();
  t.deepEqual(b.options.path, ['b']);
  port.deliver(empties('ACK', b.mid), device);
  const c = next();
  t.deepEqual(c.options.path, ['c']);
  port.deliver(empties('RST', c.mid), device);
  t.deepEqual(next().options.path, ['d']);
  clock.advance(61_999);
  t.is(device.take().length, 4);
  clock.advance(1);
  t.deepEqual(next().options.path, ['e']);
  endpoint.forget(device);
  await settled();
  t.deepEqual(
    (await Promise.all(asked)).map((r) => ('code' in r ? r.code : '')),
    ['2.05', 'CANCELLED', 'RESET', 'TIMEOUT', 'CANCELLED'],
  );
});

test('a response that overtakes its acknowledgement', async (t) => {
  const { endpoint, device, port, clock, metrics } = await world();
  const asked = endpoint.request(device, get('a'));
  const sent = readRequest(device.take()[0]);
  port.deliver(
    wire(response('2.05', { type: 'CON', mid: 9, token: sent.token.toString('hex'), payload: '1' })),
    device,
  );
  t.deepEqual(device.take(), [empties('ACK', 9)]);
  t.is((await asked).payload.toString(), '1');
  port.deliver(empties('ACK', sent.mid), device);
  clock.advance(100_000);
  t.deepEqual(device.take(), []);
  t.is(metrics.snapshot()['coap.unmatched'], 1);
});

test('a separate response whose acknowledgement was lost is acknowledged again, for as long as it may be repeated', async (t) => {
  const { endpoint, device, port, clock } = await world();
  const asked = endpoint.request(device, get('a'));
  const token = readRequest(device.take()[0]).token.toString('hex');
  const separate = wire(response('2.05', { type: 'CON', mid: 9, token, payload: '1' }));
  port.deliver(separate, device);
  await asked;
  device.take();
  for (const ms of [3000, 100_000, 143_999]) {
    clock.advance(ms);
    port.deliver(separate, device);
    t.deepEqual(device.take(), [empties('ACK', 9)]);
  }
  clock.advance(1);
  port.deliver(separate, device);
  t.deepEqual(device.take(), [empties('RST', 9)], 'after 247 s it is a stranger');
});

test('a response is matched by token and peer, whatever its message id: it may be that of a request of ours', async (t) => {
  const { endpoint, device, port } = await world();
  const other = new MemoryPeer('other');
  const asked = endpoint.request(device, get('a'));
  const sent = readRequest(device.take()[0]);
  const token = sent.token.toString('hex');
  port.deliver(wire(response('2.05', { type: 'CON', mid: sent.mid, token, payload: 'stranger' })), other);
  t.deepEqual(other.take(), [empties('RST', sent.mid)]);
  port.deliver(wire(response('2.05', { type: 'NON', mid: sent.mid, token, payload: 'mine' })), device);
  t.is((await asked).payload.toString(), 'mine');
});

test('a piggybacked response needs the message id as well', async (t) => {
  const { endpoint, device, port } = await world();
  const asked = endpoint.request(device, get('a'));
  const sent = readRequest(device.take()[0]);
  const token = sent.token.toString('hex');
  port.deliver(wire(response('2.05', { mid: sent.mid + 1, token, payload: 'old' })), device);
  port.deliver(wire(response('2.05', { mid: sent.mid, token: 'ff', payload: 'wrong' })), device);
  port.deliver(wire(response('2.05', { mid: sent.mid, token, payload: 'right' })), device);
  t.is((await asked).payload.toString(), 'right');
});

test('responses that belong to nothing: reset if confirmable, ignored otherwise', async (t) => {
  const { device, port, metrics } = await world();
  port.deliver(wire(response('2.05', { type: 'CON', mid: 3 })), device);
  t.deepEqual(device.take(), [empties('RST', 3)]);
  port.deliver(wire(response('2.05', { type: 'NON', mid: 4 })), device);
  port.deliver(wire(response('2.05', { type: 'ACK', mid: 5 })), device);
  port.deliver(empties('ACK', 6), device);
  port.deliver(empties('RST', 7), device);
  t.deepEqual(device.take(), []);
  t.is(metrics.snapshot()['coap.unmatched'], 5);
});

test('a response with a critical option that is not understood makes no sense', async (t) => {
  const { endpoint, device, port } = await world();
  const piggybacked = t.throwsAsync(endpoint.request(device, get('a')), { code: 'PROTOCOL' });
  const one = readRequest(device.take()[0]);
  port.deliver(`6845${hex16(one.mid)}${one.token.toString('hex')}e126 02aa`, device);
  await piggybacked;
  const separate = t.throwsAsync(endpoint.request(device, get('a')), { code: 'PROTOCOL' });
  const two = readRequest(device.take()[0]);
  port.deliver(`48450009${two.token.toString('hex')}e12602aa`, device);
  await separate;
  t.deepEqual(device.take(), [empties('RST', 9)]);
});

test('stopping gives up every request, and leaves no timer; a request to a stopped endpoint is given up at once', async (t) => {
  const { endpoint, device, clock } = await world();
  const asked = endpoint.request(device, get('a'));
  const queued = endpoint.request(device, get('b'));
  await endpoint.stop();
  await endpoint.stop();
  for (const failed of [asked, queued, endpoint.request(device, get('c'))]) {
    await t.throwsAsync(failed, { code: 'CANCELLED' });
  }
  t.deepEqual(clock.waiting, []);
  t.is(device.take().length, 1);
});

test('forgetting a peer gives up its requests and forgets its message ids', async (t) => {
  const { endpoint, device, port, handled } = await world({ handler: () => ({ code: '2.04' }) });
  const question = wire(request('POST', '/rd'));
  port.deliver(question, device);
  port.deliver(question, device);
  t.is(handled.length, 1);
  endpoint.forget(device);
  port.deliver(question, device);
  t.is(handled.length, 2);
  const asked = t.throwsAsync(endpoint.request(device, get('a')), { code: 'CANCELLED' });
  endpoint.forget(device);
  endpoint.forget(device);
  await asked;
});

test('a ping is answered with a reset, and remembered by nobody', async (t) => {
  const { device, port, clock } = await world();
  port.deliver('40001234', device);
  t.deepEqual(device.take(), ['70001234']);
  t.deepEqual(clock.waiting, []);
  t.is(read('70001234').kind, 'empty');
});

function hex16(value: number): string {
  return value.toString(16).padStart(4, '0');
}
