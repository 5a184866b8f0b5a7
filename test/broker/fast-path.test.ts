import { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { generate, type Packet, parser } from 'mqtt-packet';
import { TestBroker } from '../support/mqtt-broker.js';
import { TestClient } from '../support/mqtt-client.js';

/** A connection whose client is the test, byte by byte; the broker can write no more than a little while `held`. */
class Wire extends Duplex {
  readonly seen: string[] = [];
  held: (() => void) | undefined;
  private readonly packets = parser({ protocolVersion: 4 });
  private holding = false;

  constructor(broker: TestBroker) {
    super({ writableHighWaterMark: 256 });
    this.packets.on('packet', (packet) => this.seen.push(textOf(packet)));
    this.on('error', () => {});
    broker.broker.handleConnection(this);
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: unknown, done: () => void): void {
    this.packets.parse(chunk);
    if (this.holding) this.held = done;
    else done();
  }

  hold(): void {
    this.holding = true;
  }

  release(): void {
    this.holding = false;
    this.held?.();
  }

  send(...packets: Packet[]): void {
    this.push(Buffer.concat(packets.map((packet) => generate(packet))));
  }

  async until(count: number): Promise<string[]> {
    const until = Date.now() + 3000;
    while (this.seen.length < count && Date.now() < until) await turn();
    return this.seen;
  }

  async closing(): Promise<boolean> {
    const until = Date.now() + 3000;
    while (!this.destroyed && Date.now() < until) await turn();
    return this.destroyed;
  }
}

function textOf(packet: Packet): string {
  if (packet.cmd !== 'publish') return packet.cmd;
  return `${packet.topic} ${packet.qos}${packet.retain ? ' retained' : ''} ${packet.payload.toString()}`;
}

const connect = (clientId: string, fields: object = {}): Packet => ({
  cmd: 'connect',
  clientId,
  protocolId: 'MQTT',
  protocolVersion: 4,
  clean: true,
  keepalive: 0,
  ...fields,
});
const publish = (topic: string, payload: string, qos: 0 | 1 | 2 = 0, messageId = 1): Packet => ({
  cmd: 'publish',
  topic,
  payload,
  qos,
  retain: false,
  dup: false,
  messageId,
});
const subscribe = (topic: string, qos: 0 | 1 | 2 = 0): Packet => ({
  cmd: 'subscribe',
  messageId: 9,
  subscriptions: [{ topic, qos }],
});

/** A client that is connected and, if so, subscribed. */
async function client(broker: TestBroker, clientId: string, filter?: string, qos: 0 | 1 | 2 = 0): Promise<Wire> {
  const wire = new Wire(broker);
  wire.send(connect(clientId));
  await wire.until(1);
  if (filter !== undefined) {
    wire.send(subscribe(filter, qos));
    await wire.until(2);
  }
  // From CONNACK until it is connected, aedes is still busy with it.
  for (let i = 0; i < 5; i++) await turn();
  wire.seen.length = 0;
  return wire;
}

async function answers(t: ExecutionContext, chunks: readonly Buffer[]): Promise<string[]> {
  const broker = await TestBroker.start(t);
  const wire = await client(broker, 'a');
  for (const chunk of chunks) {
    wire.push(chunk);
    await turn();
  }
  return (await wire.until(10)).toSorted();
}

const conversation = Buffer.concat(
  [
    subscribe('s/#', 1),
    publish('s/0', 'x'),
    publish('s/1', 'y', 1, 1),
    publish('s/2', 'z', 2, 2),
    { cmd: 'pingreq' } as const,
    { cmd: 'pubrel', messageId: 2 } as const,
    publish('s/3', ''),
    publish('s/4', 'q'.repeat(20)),
  ].map((packet) => generate(packet)),
);

test('a client is answered the same however its bytes come', async (t) => {
  const expected = ['pingresp', 'puback', 'pubcomp', 'pubrec', 's/0 0 x', 's/1 1 y', 's/2 1 z', 's/3 0 ']
    .concat(`s/4 0 ${'q'.repeat(20)}`, 'suback')
    .toSorted();
  t.deepEqual(await answers(t, [conversation]), expected);
  for (let at = 1; at < conversation.length; at += 3) {
    t.deepEqual(await answers(t, [conversation.subarray(0, at), conversation.subarray(at)]), expected, `cut at ${at}`);
  }
  t.deepEqual(
    await answers(
      t,
      [...conversation].map((byte) => Buffer.of(byte)),
    ),
    expected,
  );
});

test('a subscriber sees what a client publishes in the order of its publication, whatever the QoS', async (t) => {
  const broker = await TestBroker.start(t);
  const [reader, lowered] = [await client(broker, 'r', '#', 1), await client(broker, 'l', '#', 0)];
  const writer = await client(broker, 'w');
  const sent = Array.from({ length: 60 }, (_, i) => publish('a', `${i}`, i % 7 === 3 ? 1 : 0, i + 1));
  writer.send(...sent);
  t.deepEqual(await reader.until(60), sent.map(textOf));
  t.deepEqual(
    await lowered.until(60),
    sent.map((_, i) => `a 0 ${i}`),
  );
});

test('a retained message comes before the one that follows it', async (t) => {
  const broker = await TestBroker.start(t);
  const writer = await client(broker, 'w');
  for (const qos of [0, 1] as const) {
    writer.send({ cmd: 'publish', topic: 'state', payload: 'old', qos, retain: true, dup: false, messageId: 5 });
    for (let i = 0; i < 5; i++) await turn();
    const reader = await client(broker, `r${qos}`);
    reader.send(subscribe('state'));
    await reader.until(1);
    writer.send(publish('state', 'new'));
    t.deepEqual(await reader.until(3), ['suback', 'state 0 retained old', 'state 0 new']);
  }
});

test('a retained message of QoS 0 is not overtaken by the next', async (t) => {
  const broker = await TestBroker.start(t);
  const reader = await client(broker, 'r', 'state');
  const writer = await client(broker, 'w');
  writer.send(
    { cmd: 'publish', topic: 'state', payload: '1', qos: 0, retain: true, dup: false },
    publish('state', '2'),
  );
  t.deepEqual(await reader.until(2), ['state 0 1', 'state 0 2']);
  const late = await client(broker, 'late');
  late.send(subscribe('state'));
  t.deepEqual(await late.until(2), ['suback', 'state 0 retained 1']);
});

test('a publisher is not read while a subscriber has no room, and nothing is lost', async (t) => {
  const broker = await TestBroker.start(t);
  const reader = await client(broker, 'r', 'a');
  const writer = await client(broker, 'w');
  reader.hold();
  const messages = Array.from({ length: 60 }, (_, i) => publish('a', `${i} ${'x'.repeat(100)}`));
  for (const from of [0, 20, 40]) {
    writer.send(...messages.slice(from, from + 20));
    for (let i = 0; i < 5; i++) await turn();
  }
  t.true(writer.readableLength > 4000, `${writer.readableLength}`);
  reader.release();
  const seen = await reader.until(60);
  t.deepEqual(
    seen.map((text) => text.split(' ')[2]),
    messages.map((_, i) => `${i}`),
  );
  t.is(writer.readableLength, 0);
});

test('a subscriber that breaks while it has no room does not hold its publisher for ever', async (t) => {
  const broker = await TestBroker.start(t);
  const reader = await client(broker, 'r', 'a');
  const writer = await client(broker, 'w');
  reader.hold();
  const messages = Array.from({ length: 20 }, () => publish('a', 'x'.repeat(100)));
  for (let i = 0; i < 3; i++) {
    writer.send(...messages);
    for (let j = 0; j < 5; j++) await turn();
  }
  t.true(writer.readableLength > 0);
  reader.destroy();
  writer.send({ cmd: 'pingreq' });
  t.deepEqual(await writer.until(1), ['pingresp']);
});

test('topics that are no names close the connection, and only that', async (t) => {
  const broker = await TestBroker.start(t);
  const reader = await client(broker, 'r', '#');
  for (const topic of ['', 'a/+', '#', 'a\0', '/'.repeat(100)]) {
    for (const qos of [0, 1] as const) {
      const writer = await client(broker, 'w');
      writer.send(publish('before', topic), publish(topic, 'x', qos), publish('after', topic));
      t.true(await writer.closing(), topic);
    }
  }
  t.deepEqual(new Set((await reader.until(10)).map((text) => text.split(' ')[0])), new Set(['before']));
});

test('what may not be published is counted and goes nowhere, and its publisher stays', async (t) => {
  const broker = await TestBroker.start(t);
  const reader = await client(broker, 'r', '$SYS/x');
  const writer = await client(broker, 'w');
  writer.send(publish('$SYS/x', 'no'), publish('$SYS/x', 'no', 1), { cmd: 'pingreq' });
  t.deepEqual((await writer.until(2)).toSorted(), ['pingresp', 'puback']);
  t.is(broker.metrics.counter('broker.refused_publishes').value, 2);
  t.deepEqual(reader.seen, []);
});

test('a bridge does not get its own messages back', async (t) => {
  const broker = await TestBroker.start(t);
  const bridge = new Wire(broker);
  bridge.send(connect('bridge', { bridgeMode: true }));
  await bridge.until(1);
  bridge.send(subscribe('#'));
  await bridge.until(2);
  const other = await client(broker, 'other', '#');
  bridge.send(publish('a', 'own'), { cmd: 'pingreq' });
  other.send(publish('a', 'others'));
  t.deepEqual((await bridge.until(4)).slice(2).toSorted(), ['a 0 others', 'pingresp']);
  t.deepEqual((await other.until(2)).toSorted(), ['a 0 others', 'a 0 own']);
});

test('QoS 0 publications keep a client alive', async (t) => {
  const broker = await TestBroker.start(t);
  const wire = new Wire(broker);
  wire.send(connect('a', { keepalive: 1 }));
  await wire.until(1);
  const until = Date.now() + 2000;
  while (Date.now() < until) {
    wire.send(publish('a', 'x'));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  t.false(wire.destroyed);
  t.true(await wire.closing(), 'silent for one and a half seconds');
});

test('messages between real clients, of all sizes, over TCP', async (t) => {
  const broker = await TestBroker.start(t);
  const readers = await Promise.all(['r1', 'r2', 'r3'].map((id) => TestClient.connect(broker.url, id)));
  for (const reader of readers) await reader.mqtt.subscribeAsync('ä/+');
  const writer = await TestClient.connect(broker.url, 'w');
  const sizes = [0, 1, 127, 128, 4095, 4096, 20_000, 3, 70_000, 200_000, 0, 5];
  for (const [i, size] of sizes.entries()) writer.mqtt.publish(`ä/${i}`, Buffer.alloc(size, `${i}`));
  for (const reader of readers) {
    t.deepEqual(
      await reader.messages(sizes.length),
      sizes.map((size, i) => `ä/${i} 0 ${Buffer.alloc(size, `${i}`).toString()}`),
    );
  }
  // CONNACK and SUBACK; each message once for each reader, however it was written.
  t.is(broker.metrics.counter('broker.packets_sent').value, 4 + 3 + 3 * sizes.length);
});
