import { randomBytes } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import { Agent, createServer, type IncomingMessage, type ObserveReadStream, type OutgoingMessage } from 'coap';
import type { Method } from '#src/coap/types.js';
import { udpEndpoint } from '../support/coap-udp.js';

// The npm package `coap` as the other side: an implementation that shares no line of the message layer with ours.

interface Ask {
  readonly method?: Method;
  readonly path: string;
  readonly query?: string;
  readonly payload?: Buffer;
  readonly headers?: Record<string, string | number | Buffer>;
}

/** One request by node-coap's client. */
function ask(t: ExecutionContext, port: number, { method = 'GET', path, query, payload, headers }: Ask) {
  const agent = new Agent({ type: 'udp4' });
  t.teardown(() => agent.close());
  const request = agent.request({
    host: '127.0.0.1',
    port,
    method,
    pathname: path,
    ...(query === undefined ? {} : { query }),
  });
  for (const [name, value] of Object.entries(headers ?? {})) request.setOption(name, value);
  return new Promise<IncomingMessage>((resolve, reject) => {
    request.on('response', resolve);
    request.on('error', reject);
    request.end(payload);
  });
}

/** A node-coap server on a free port. */
async function serve(
  t: ExecutionContext,
  listener: (request: IncomingMessage, response: OutgoingMessage) => void,
): Promise<number> {
  const server = createServer({ type: 'udp4' }, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  t.teardown(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  const socket = server._sock;
  return socket !== null && 'address' in socket ? socket.address().port : 0;
}

test('their client asks, our endpoint answers: methods, options, payloads', async (t) => {
  const { port } = await udpEndpoint(t, ({ method, path, query, contentFormat, payload }) => ({
    code: method === 'POST' ? '2.01' : '2.05',
    contentFormat: 0,
    payload: Buffer.from(JSON.stringify({ method, path, query, contentFormat, payload: payload.toString() })),
    ...(method === 'POST' ? { location: ['rd', '7'] } : {}),
  }));
  const got = await ask(t, port, { path: '/a/b', query: 'c=d&e' });
  t.is(got.code, '2.05');
  t.deepEqual(JSON.parse(got.payload.toString()), {
    method: 'GET',
    path: ['a', 'b'],
    query: ['c=d', 'e'],
    payload: '',
  });
  const made = await ask(t, port, {
    method: 'POST',
    path: '/rd',
    payload: Buffer.from('</1/0>'),
    headers: { 'Content-Format': 'application/link-format' },
  });
  // It shows the last segment only.
  t.deepEqual([made.code, made.headers['Location-Path']], ['2.01', '7']);
  t.is(JSON.parse(made.payload.toString()).contentFormat, 40);
  const unknown = await ask(t, port, { path: '/x', headers: { 9999: Buffer.of(1) } });
  t.is(unknown.code, '4.02');
});

test('their client gets a separate response', async (t) => {
  const { port } = await udpEndpoint(
    t,
    () => new Promise((resolve) => setTimeout(() => resolve({ code: '2.05', payload: Buffer.from('late') }), 120)),
    { processingDelayMs: 20 },
  );
  t.is((await ask(t, port, { path: '/slow' })).payload.toString(), 'late');
});

test('their client sends and fetches 100 kB in blocks', async (t) => {
  const up = randomBytes(100_000);
  const down = randomBytes(100_000);
  const bodies: Buffer[] = [];
  const { port } = await udpEndpoint(t, ({ method, payload }) => {
    if (method === 'PUT') bodies.push(payload);
    return { code: method === 'PUT' ? '2.04' : '2.05', payload: method === 'PUT' ? Buffer.alloc(0) : down };
  });
  t.is(
    (await ask(t, port, { method: 'PUT', path: '/fw', payload: up, headers: { Block1: Buffer.of(0x06) } })).code,
    '2.04',
  );
  t.is(bodies.length, 1);
  t.true(bodies[0]?.equals(up));
  const got = await ask(t, port, { path: '/fw' });
  t.true(got.payload.equals(down));
});

test('our endpoint asks, their server answers: piggybacked, separate, error', async (t) => {
  const theirs = await serve(t, (request, response) => {
    if (request.url === '/missing') {
      response.code = '4.04';
      response.end();
      return;
    }
    response.setOption('Content-Format', 'text/plain');
    setTimeout(
      () => response.end(`${request.method} ${request.url} ${request.payload.toString()}`),
      request.url === '/slow' ? 150 : 0,
    );
  });
  const { endpoint, peer } = await udpEndpoint(t, () => ({ code: '4.04' }));
  const device = peer(theirs);
  const fast = await endpoint.request(device, { method: 'GET', path: ['a', 'b'], query: ['c=d'] });
  t.deepEqual([fast.code, fast.contentFormat, fast.payload.toString()], ['2.05', 0, 'GET /a/b?c=d ']);
  let acknowledged = 0;
  const slow = await endpoint.request(device, {
    method: 'PUT',
    path: ['slow'],
    payload: Buffer.from('x'),
    acknowledged: () => acknowledged++,
  });
  t.is(slow.payload.toString(), 'PUT /slow x');
  t.is(acknowledged, 1);
  t.is((await endpoint.request(device, { method: 'DELETE', path: ['missing'] })).code, '4.04');
});

test('our endpoint sends and fetches 100 kB in blocks', async (t) => {
  const up = randomBytes(100_000);
  const down = randomBytes(100_000);
  const bodies: Buffer[] = [];
  const theirs = await serve(t, (request, response) => {
    if (request.method === 'PUT') {
      bodies.push(request.payload);
      response.code = '2.04';
      response.end();
    } else {
      response.end(down);
    }
  });
  const { endpoint, peer } = await udpEndpoint(t, () => ({ code: '4.04' }));
  const device = peer(theirs);
  t.is((await endpoint.request(device, { method: 'PUT', path: ['fw'], payload: up })).code, '2.04');
  t.is(bodies.length, 1);
  t.true(bodies[0]?.equals(up));
  const got = await endpoint.request(device, { method: 'GET', path: ['fw'] });
  t.true(got.payload.equals(down));
});

test('our endpoint observes their server, and cancels', async (t) => {
  const streams = new Set<OutgoingMessage>();
  const theirs = await serve(t, (request, response) => {
    response.write('0');
    if (request.headers['Observe'] !== 0) {
      response.end();
      return;
    }
    streams.add(response);
    response.on('finish', () => streams.delete(response));
  });
  const { endpoint, peer } = await udpEndpoint(t, () => ({ code: '4.04' }));
  const seen: string[] = [];
  let three: () => void = () => {};
  const done = new Promise<void>((resolve) => {
    three = resolve;
  });
  const { response, observation } = await endpoint.observe(
    peer(theirs),
    { method: 'GET', path: ['o'] },
    {
      notified: (r) => {
        seen.push(r.payload.toString());
        if (seen.length === 3) three();
      },
    },
  );
  t.is(response.payload.toString(), '0');
  for (const text of ['1', '2', '3']) {
    for (const stream of streams) stream.write(text);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await done;
  t.deepEqual(seen, ['1', '2', '3']);
  t.is((await observation?.cancel())?.code, '2.05');
});

test('their client observes nothing here: an answer without Observe ends it at once', async (t) => {
  const { port } = await udpEndpoint(t, () => ({ code: '2.05', payload: Buffer.from('once') }));
  const agent = new Agent({ type: 'udp4' });
  t.teardown(() => agent.close());
  const request = agent.request({ host: '127.0.0.1', port, pathname: '/a', observe: true });
  const response = await new Promise<IncomingMessage | ObserveReadStream>((resolve) => {
    request.on('response', resolve);
    request.end();
  });
  t.is(response.payload.toString(), 'once');
});
