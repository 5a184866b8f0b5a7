import { connect, type Socket } from 'node:net';
import test from 'ava';
import fc from 'fast-check';
import WebSocket from 'ws';
import { ConnectionRoom } from '#src/broker/connection-room.js';
import { MqttListener } from '#src/broker/listeners.js';
import { PacketLimit } from '#src/broker/packet-limit.js';
import { silentLog } from '#src/core/log.js';
import { Metrics } from '#src/core/metrics.js';
import { FakeClock } from '../support/fake-clock.js';
import { TestBroker } from '../support/mqtt-broker.js';
import { selfSigned } from '../support/mqtt-certificate.js';
import { TestClient } from '../support/mqtt-client.js';

async function echo(client: TestClient): Promise<string[]> {
  await client.mqtt.subscribeAsync('echo', { qos: 1 });
  await client.mqtt.publishAsync('echo', Buffer.alloc(100_000, 'x'), { qos: 1 });
  return (await client.messages(1)).map((line) => line.slice(0, 12));
}

test('over TLS', async (t) => {
  const { key, cert } = selfSigned();
  const test = await TestBroker.start(t, {}, { kind: 'tls', tls: { key, cert, verifyPeer: false } });
  const url = `mqtts://127.0.0.1:${test.listener.port}`;
  t.deepEqual(await echo(await TestClient.connect(url, 'a', { ca: cert })), ['echo 1 xxxxx']);
  await t.throwsAsync(TestClient.connect(url, 'b'), { message: /self-signed/ });
  t.deepEqual(await echo(await TestClient.connect(url, 'c', { ca: cert })), ['echo 1 xxxxx']);
});

test('over TLS with client certificates', async (t) => {
  const { key, cert } = selfSigned();
  const test = await TestBroker.start(t, {}, { kind: 'tls', tls: { key, cert, ca: cert, verifyPeer: true } });
  const url = `mqtts://127.0.0.1:${test.listener.port}`;
  await t.throwsAsync(TestClient.connect(url, 'a', { ca: cert }));
  t.deepEqual(await echo(await TestClient.connect(url, 'b', { ca: cert, key, cert })), ['echo 1 xxxxx']);
});

test('over WebSocket, plain and secure', async (t) => {
  const { key, cert } = selfSigned();
  const plain = await TestBroker.start(t, {}, { kind: 'ws' });
  const url = `ws://127.0.0.1:${plain.listener.port}/mqtt`;
  t.deepEqual(await echo(await TestClient.connect(url, 'a')), ['echo 1 xxxxx']);
  const old = { protocolId: 'MQIsdp', protocolVersion: 3 } as const;
  t.deepEqual(await echo(await TestClient.connect(url, 'b', old)), ['echo 1 xxxxx']);
  const secure = await TestBroker.start(t, {}, { kind: 'wss', tls: { key, cert, verifyPeer: false } });
  const options = { wsOptions: { ca: cert } };
  const client = await TestClient.connect(`wss://127.0.0.1:${secure.listener.port}/mqtt`, 'c', options);
  t.deepEqual(await echo(client), ['echo 1 xxxxx']);
});

/** What a WebSocket handshake ends in: the sub-protocol, or the status of the refusal. */
function handshake(url: string, protocols: string[]): Promise<string | number | undefined> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, protocols);
    socket.on('open', () => {
      resolve(socket.protocol);
      socket.terminate();
    });
    socket.on('error', () => {});
    socket.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode);
      response.resume();
    });
  });
}

test('the WebSocket path and sub-protocols', async (t) => {
  const test = await TestBroker.start(t, {}, { kind: 'ws' });
  const url = `ws://127.0.0.1:${test.listener.port}`;
  t.is(await handshake(`${url}/mqtt`, ['mqtt']), 'mqtt');
  t.is(await handshake(`${url}/mqtt`, ['mqttv3.1']), 'mqttv3.1');
  t.is(await handshake(`${url}/mqtt`, ['x', 'mqttv3.1.1', 'mqttv3.1']), 'mqttv3.1.1');
  t.is(await handshake(`${url}/mqtt`, ['x']), 400);
  t.is(await handshake(`${url}/mqtt`, []), 400);
  t.is(await handshake(`${url}/other`, ['mqtt']), 400);
  t.is((await fetch(`http://127.0.0.1:${test.listener.port}/mqtt`)).status, 426);
});

test('a port in use and an address that is not ours', async (t) => {
  const test = await TestBroker.start(t);
  const { port } = test.listener;
  const second = new MqttListener({ kind: 'tcp', host: '127.0.0.1', port }, silentLog, new Metrics());
  const error = await t.throwsAsync(
    second.start(() => {}),
    { code: 'LISTEN' },
  );
  t.regex(error?.message ?? '', new RegExp(`^tcp 127.0.0.1:${port}: .*EADDRINUSE`));
  const strange = new MqttListener({ kind: 'ws', host: '192.0.2.1', port: 1 }, silentLog, new Metrics());
  await t.throwsAsync(
    strange.start(() => {}),
    { code: 'LISTEN', message: /^ws 192\.0\.2\.1:1: / },
  );
  const bare = new MqttListener({ kind: 'tls', host: '127.0.0.1', port: 0 }, silentLog, new Metrics());
  await t.throwsAsync(
    bare.start(() => {}),
    { code: 'LISTEN', message: /certificate/ },
  );
  await second.stop();
});

test('over IPv6', async (t) => {
  const test = await TestBroker.start(t, {}, { host: '::1' });
  t.is(test.listener.name, `tcp [::1]:${test.listener.port}`);
  t.deepEqual(await echo(await TestClient.connect(`mqtt://[::1]:${test.listener.port}`, 'a')), ['echo 1 xxxxx']);
});

test('a limit of connections', async (t) => {
  const clock = new FakeClock();
  const told: object[] = [];
  const log = { ...silentLog, warn: (fields: object) => void told.push(fields) };
  const metrics = new Metrics();
  const room = new ConnectionRoom(2, { clock, log, metrics });
  const test = await TestBroker.start(t, {}, { room });
  // Room is shared: a second listener has what the first one leaves.
  const { key, cert } = selfSigned();
  const tls = { key, cert, verifyPeer: false };
  const other = new MqttListener({ kind: 'tls', host: '127.0.0.1', port: 0, room, tls }, silentLog, metrics);
  await other.start((stream) => test.broker.handleConnection(stream));
  t.teardown(() => other.stop());
  const url = `mqtts://127.0.0.1:${other.port}`;
  const first = await TestClient.connect(test.url, 'a');
  const second = await TestClient.connect(url, 'b', { ca: cert });
  await t.throwsAsync(TestClient.connect(test.url, 'c'));
  await t.throwsAsync(TestClient.connect(url, 'd', { ca: cert }));
  t.deepEqual(told, [{ limit: 2, refused: 1 }], 'told once a minute');
  t.is(metrics.counter('broker.refused_connections').value, 2);
  clock.advance(60_000);
  await t.throwsAsync(TestClient.connect(test.url, 'e'));
  t.deepEqual(told[1], { limit: 2, refused: 2 });
  const gone = first.closed();
  await first.mqtt.endAsync();
  await gone;
  await t.notThrowsAsync(TestClient.connect(url, 'f', { ca: cert }));
  t.true(second.mqtt.connected);
});

test('a packet beyond the limit ends its connection, and only that', async (t) => {
  const test = await TestBroker.start(t, {}, { maxPacketBytes: 1000 });
  const good = await TestClient.connect(test.url, 'good');
  const bad = await TestClient.connect(test.url, 'bad');
  bad.mqtt.publish('a', Buffer.alloc(1001));
  await bad.closed();
  await good.mqtt.publishAsync('a', Buffer.alloc(990), { qos: 1 });
  t.true(good.mqtt.connected);
});

const raw = (port: number): Promise<Socket> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.on('error', () => {});
  });

test('connections that send garbage, nothing, or leave at once', async (t) => {
  const test = await TestBroker.start(t, { connectTimeoutMs: 50 });
  const good = await TestClient.connect(test.url, 'good');
  for (const bytes of [
    '',
    '00',
    'ffffffffffff',
    '100a00044d5154540502',
    '3000',
    'c000',
    '100c00044d515454040000000000',
  ]) {
    const socket = await raw(test.listener.port);
    socket.write(Buffer.from(bytes, 'hex'));
    socket.resume();
    await new Promise((resolve) => socket.once('close', resolve));
  }
  (await raw(test.listener.port)).resetAndDestroy();
  t.deepEqual(await echo(good), ['echo 1 xxxxx']);
});

test('a client that is silent for one and a half keepalives is gone, and its will is published', async (t) => {
  const test = await TestBroker.start(t);
  const watcher = await test.link('watcher');
  await watcher.subscribe('will');
  const socket = await raw(test.listener.port);
  // CONNECT, keepalive 1 s, client id "a", will "will" with the payload "x".
  socket.write(
    Buffer.from('101600044d515454040600010001610004' + Buffer.from('will').toString('hex') + '000178', 'hex'),
  );
  const started = performance.now();
  t.deepEqual(await watcher.messages(1), ['will 0 x']);
  const waited = performance.now() - started;
  t.true(waited > 1400 && waited < 2500, `${waited}`);
});

test('the length of a packet is followed however its bytes arrive', (t) => {
  const packet = fc.integer({ min: 0, max: 400 }).map((length) => {
    const bytes = length < 128 ? [0x30, length] : [0x30, (length & 0x7f) | 0x80, length >> 7];
    return { length, bytes: Buffer.concat([Buffer.from(bytes), Buffer.alloc(length, 0xff)]) };
  });
  fc.assert(
    fc.property(fc.array(packet), fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (packets, cuts) => {
      const counter = new Metrics().counter('packets');
      const limit = new PacketLimit(300, counter);
      const stream = Buffer.concat(packets.map(({ bytes }) => bytes));
      let accepted = true;
      for (let at = 0, i = 0; at < stream.length && accepted; i++) {
        const next = at + (cuts[i % cuts.length] as number);
        accepted = limit.accepts(stream.subarray(at, next));
        at = next;
      }
      t.is(
        accepted,
        packets.every(({ length }) => length <= 300),
      );
      if (accepted) t.is(counter.value, packets.length);
    }),
  );
  t.false(new PacketLimit(2 ** 28, new Metrics().counter('packets')).accepts(Buffer.from('30ffffffffff', 'hex')));
});
