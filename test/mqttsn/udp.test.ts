import test from 'ava';
import { systemClock } from '#src/core/clock.js';
import { silentLog } from '#src/core/log.js';
import { Metrics } from '#src/core/metrics.js';
import { SnServer } from '#src/mqttsn/server.js';
import { UdpPort } from '#src/net/udp.js';
import { FakeBroker } from '../support/fake-broker.js';
import { LockStep } from '../support/lockstep.js';
import { snOptions } from '../support/sn-world.js';

async function listening(host = '127.0.0.1') {
  const metrics = new Metrics();
  const broker = new FakeBroker();
  const port = new UdpPort({ host, port: 0 }, silentLog, metrics);
  const around = { clock: systemClock, log: silentLog, metrics };
  const server = new SnServer([port], broker, snOptions(), around);
  await server.start();
  return { server, broker, port: port.port };
}

test('a whole conversation over UDP, datagram by datagram', async (t) => {
  const { server, broker, port } = await listening();
  const peer = await LockStep.to(port);
  t.is(await peer.ask('03 01 00'), '030201');
  t.is(await peer.ask('09 04 04 01 003c 646576'), '030500');
  t.is(await peer.ask('0a 0a 0000 0001 612f622f'), '070b0003000100');
  t.is(await peer.ask('08 12 20 0002 642f2b'), '0813200000000200');
  t.is(await peer.ask('09 0c 20 0003 0005 6869'), '070d0003000500');
  void broker.publish('d/1', 'hello', { qos: 1 });
  t.is(await peer.receiveHex(), '090a00040002642f31');
  t.is(await peer.ask('07 0b 0004 0002 00'), '0c0c200004000168656c6c6f');
  peer.send('07 0d 0004 0001 00');
  t.is(await peer.ask('02 16'), '0217');
  t.is(await peer.ask('02 18'), '0218');
  t.true(await peer.expectNothing(20));
  peer.close();
  await server.stop();
  await server.stop();
});

test('a packet of the largest size UDP carries', async (t) => {
  const { server, broker, port } = await listening();
  const seen = broker.watch('#');
  const peer = await LockStep.to(port);
  await peer.ask('09 04 04 01 003c 646576');
  const payload = Buffer.alloc(65507 - 9, 0x61);
  const header = Buffer.from('01 ffe3 0c 22 6162 0001'.replaceAll(' ', ''), 'hex');
  t.is(await peer.ask(Buffer.concat([header, payload])), '070d6162000100');
  t.is(seen[0]?.payload.length, 65498);
  peer.close();
  await server.stop();
});

test('a port in use is an error that names it', async (t) => {
  const { server, port } = await listening();
  const second = new UdpPort({ host: '127.0.0.1', port }, silentLog, new Metrics());
  await t.throwsAsync(
    second.start(() => {}),
    { code: 'LISTEN', message: new RegExp(`127\\.0\\.0\\.1:${port}`) },
  );
  await server.stop();
});

test('IPv6', async (t) => {
  const { createSocket } = await import('node:dgram');
  const { server, port } = await listening('::1');
  const socket = createSocket('udp6');
  const answer = new Promise<Buffer>((resolve) => socket.once('message', resolve));
  socket.send(Buffer.from([3, 1, 0]), port, '::1');
  t.is((await answer).toString('hex'), '030201');
  socket.close();
  await server.stop();
});
