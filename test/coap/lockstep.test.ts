import test from 'ava';
import type { Peer } from '#src/core/datagram.js';
import { empties, readRequest, readResponse, request, response, wire } from '../support/coap-messages.js';
import { udpEndpoint } from '../support/coap-udp.js';
import { LockStep } from '../support/lockstep.js';

test('over UDP: piggybacked, duplicate, ping, bad option, malformed', async (t) => {
  let count = 0;
  const { port } = await udpEndpoint(t, () => ({ code: '2.05', payload: Buffer.from(String(++count)) }));
  const device = await LockStep.to(port);
  t.teardown(() => device.close());
  const get = wire(request('GET', '/a', { mid: 0x1001, token: 'cafe' }));
  const answer = wire(response('2.05', { mid: 0x1001, token: 'cafe', payload: '1' })).toString('hex');
  t.is(await device.ask(get), answer);
  t.is(await device.ask(get), answer);
  t.is(await device.ask('40001002'), '70001002');
  t.is(await device.ask('42011003cafee12602aa'), '62821003cafe');
  t.is(await device.ask('4f011004'), '70001004');
  device.send('5f011005');
  t.true(await device.expectNothing());
});

test('over UDP: a slow handler is acknowledged first, and its response until the device has it', async (t) => {
  const { port } = await udpEndpoint(
    t,
    () => new Promise((resolve) => setTimeout(() => resolve({ code: '2.04', payload: Buffer.from('late') }), 150)),
    { processingDelayMs: 50 },
  );
  const device = await LockStep.to(port);
  t.teardown(() => device.close());
  t.is(await device.ask(wire(request('POST', '/slow', { mid: 5, token: 'beef' }))), '60000005');
  const separate = readResponse(await device.receive());
  t.deepEqual([separate.type, separate.token.toString('hex'), separate.payload.toString()], ['CON', 'beef', 'late']);
  t.deepEqual(readResponse(await device.receive(4000)), separate, 'again after 2 to 3 s');
  device.send(empties('ACK', separate.mid));
  t.true(await device.expectNothing());
});

test('over UDP: a device registers, is observed and notifies; a read is answered separately and late', async (t) => {
  let registered: (peer: Peer) => void = () => {};
  const ready = new Promise<Peer>((resolve) => {
    registered = resolve;
  });
  const { endpoint, port } = await udpEndpoint(t, (_request, peer) => ({
    code: '2.01',
    location: ['rd', '1'],
    sent: () => registered(peer),
  }));
  const device = await LockStep.to(port);
  t.teardown(() => device.close());
  t.is(readResponse(await device.ask(wire(request('POST', '/rd?ep=a')))).code, '2.01');
  const peer = await ready;

  const notified: string[] = [];
  const observing = endpoint.observe(
    peer,
    { method: 'GET', path: ['3', '0', '9'] },
    {
      notified: (r) => void notified.push(r.payload.toString()),
    },
  );
  const asked = readRequest(await device.receive());
  const token = asked.token.toString('hex');
  device.send(wire(response('2.05', { mid: asked.mid, token, payload: '100', options: { observe: 0 } })));
  const { response: first, observation } = await observing;
  t.is(first.payload.toString(), '100');
  const notification = { type: 'CON', mid: 0x77, token, payload: '99', options: { observe: 1 } } as const;
  t.is(await device.ask(wire(response('2.05', notification))), '60000077');
  t.deepEqual(notified, ['99']);

  const reading = endpoint.request(peer, { method: 'GET', path: ['3', '0', '0'] });
  const read = readRequest(await device.receive());
  device.send(empties('ACK', read.mid));
  await new Promise((resolve) => setTimeout(resolve, 100));
  const late = { type: 'CON', mid: 0x78, token: read.token.toString('hex'), payload: 'EMQ' } as const;
  t.is(await device.ask(wire(response('2.05', late))), '60000078');
  t.is((await reading).payload.toString(), 'EMQ');

  observation?.forget();
  t.is(await device.ask(wire(response('2.05', { ...notification, mid: 0x79 }))), '70000079');
});
