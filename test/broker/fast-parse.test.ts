import test from 'ava';
import fc from 'fast-check';
import { generate, type Packet, parser } from 'mqtt-packet';
import type { AedesParser } from '#src/broker/client-state.js';
import { fastParse } from '#src/broker/fast-parse.js';
import { encodePublish } from '#src/broker/publish-encoder.js';

type Seen = string[];

const line = (packet: object): string => JSON.stringify(packet);
const failure = (error: Error): string => `error: ${error.message}`;

/** What mqtt-packet makes of bytes that come one by one, so that it cannot look beyond the end of a packet. */
function alone(stream: Buffer): Seen {
  const seen: Seen = [];
  const reference = parser({ protocolVersion: 4 });
  let failed = false;
  reference.on('packet', (packet) => seen.push(line(packet)));
  reference.on('error', (error: Error) => {
    failed = true;
    seen.push(failure(error));
  });
  for (let at = 0; at < stream.length && !failed; at++) reference.parse(stream.subarray(at, at + 1));
  return seen;
}

interface Settings {
  /** Takes what has QoS 0 itself, as the broker does. */
  readonly takes?: boolean;
  /** Closes the client when it has seen so many packets. */
  readonly closeAfter?: number;
}

/** What ours makes of the same bytes, in these chunks. */
function ours(
  chunks: readonly Buffer[],
  { takes = false, closeAfter = Number.POSITIVE_INFINITY }: Settings = {},
): Seen {
  const seen: Seen = [];
  let unread = 0;
  const client = {
    closed: false,
    connected: true,
    _parsingBatch: 0,
    _nextBatch: () => {
      client._parsingBatch--;
      unread--;
    },
    _keepaliveInterval: -1,
  };
  const take = (packet: object): void => {
    seen.push(line(packet));
    if (seen.length >= closeAfter) client.closed = true;
  };
  const mqtt = parser({ protocolVersion: 4 });
  mqtt.on('packet', take);
  mqtt.on('error', (error: Error) => {
    client.closed = true;
    seen.push(failure(error));
  });
  // The only way to make what aedes makes in its client's constructor.
  const replaced = Object.assign(mqtt, { client, parseSlowly: mqtt.parse }) as unknown as AedesParser;
  const parse = fastParse((_client, packet) => {
    if (takes) take(packet);
    return takes;
  });
  for (const chunk of chunks) {
    unread++;
    parse.call(replaced, chunk);
    if (!client.closed && (unread !== 0 || client._parsingBatch !== 0)) seen.push('not read on');
  }
  return seen;
}

function cut(stream: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => place % (stream.length + 1)))].sort((a, b) => a - b);
  return [0, ...ends].map((from, i) => stream.subarray(from, ends[i] ?? stream.length));
}

const topic = fc.oneof(fc.constantFrom('a', 'lwm2m/x/command', 'ä/€/😀', '+', '#', ''), fc.string({ maxLength: 200 }));
const messageId = fc.integer({ min: 1, max: 65535 });
const qos = fc.constantFrom(0 as const, 1 as const, 2 as const);
const publish = fc
  .record({
    cmd: fc.constant('publish' as const),
    topic,
    payload: fc.oneof(
      fc.uint8Array({ maxLength: 20 }),
      fc.constantFrom(0, 100, 127, 128, 300).map((length) => new Uint8Array(length)),
    ),
    qos,
    retain: fc.boolean(),
    dup: fc.boolean(),
    messageId,
  })
  .map((packet) => ({ ...packet, payload: Buffer.from(packet.payload) }));
const other = fc.oneof(
  fc.record({
    cmd: fc.constantFrom('puback' as const, 'pubrec' as const, 'pubrel' as const, 'pubcomp' as const),
    messageId,
  }),
  fc.constantFrom({ cmd: 'pingreq' as const }, { cmd: 'disconnect' as const }),
  fc.record({
    cmd: fc.constant('subscribe' as const),
    messageId,
    subscriptions: fc.array(fc.record({ topic: fc.string({ minLength: 1, maxLength: 9 }), qos }), { minLength: 1 }),
  }),
  fc.record({
    cmd: fc.constant('unsubscribe' as const),
    messageId,
    unsubscriptions: fc.array(fc.string(), { minLength: 1 }),
  }),
);
const packets: fc.Arbitrary<Packet[]> = fc.array(fc.oneof({ weight: 3, arbitrary: publish }, other), { maxLength: 8 });
const places = fc.array(fc.nat(100_000), { maxLength: 6 });
const bytesOf = (sequence: readonly Packet[]): Buffer => Buffer.concat(sequence.map((packet) => generate(packet)));

test('however the bytes of packets are cut, they are the packets of mqtt-packet', (t) => {
  fc.assert(
    fc.property(packets, places, fc.boolean(), (sequence, at, takes) => {
      const stream = bytesOf(sequence);
      const expected = alone(stream);
      t.is(expected.length, sequence.length);
      t.deepEqual(ours(cut(stream, at), { takes }), expected);
    }),
    { numRuns: 200 },
  );
});

const mixed = bytesOf([
  { cmd: 'publish', topic: 'a/b', payload: 'x', qos: 0, retain: false, dup: false },
  { cmd: 'publish', topic: 'ä', payload: Buffer.alloc(130), qos: 1, retain: true, dup: true, messageId: 513 },
  { cmd: 'subscribe', messageId: 7, subscriptions: [{ topic: 'a/#', qos: 1 }] },
  { cmd: 'publish', topic: 'c', payload: '', qos: 2, retain: false, dup: false, messageId: 65535 },
  { cmd: 'pingreq' },
  { cmd: 'pubrel', messageId: 65535 },
  { cmd: 'publish', topic: 'd', payload: '', qos: 0, retain: true, dup: false },
]);

test('every cut into two and three chunks, and byte by byte', (t) => {
  const expected = alone(mixed);
  t.is(expected.length, 7);
  for (let first = 0; first <= mixed.length; first++) {
    for (let second = first; second <= mixed.length; second++) {
      const seen = ours([mixed.subarray(0, first), mixed.subarray(first, second), mixed.subarray(second)]);
      if (line(seen) !== line(expected)) t.deepEqual(seen, expected, `cut at ${first} and ${second}`);
    }
  }
  t.deepEqual(ours(cut(mixed, [...mixed.keys()])), expected);
});

test('packets with long lengths, in chunks of a socket', (t) => {
  const sizes = [16_383, 16_384, 2_097_152, 5];
  const stream = bytesOf(
    sizes.map((size) => ({
      cmd: 'publish',
      topic: 'a',
      payload: Buffer.alloc(size),
      qos: 0,
      retain: false,
      dup: false,
    })),
  );
  const chunks = cut(
    stream,
    Array.from({ length: 40 }, (_, i) => i * 65_536),
  );
  const lengths = ours(chunks).map((packet) => (JSON.parse(packet) as { length: number }).length);
  t.deepEqual(
    lengths,
    sizes.map((size) => size + 3),
  );
});

test('damaged packets and noise: the same packets, then the same error', (t) => {
  const change = fc.record({ at: fc.nat(), to: fc.nat(255) });
  const damaged = fc.tuple(packets, fc.array(change, { minLength: 1, maxLength: 4 })).map(([sequence, changes]) => {
    const stream = bytesOf(sequence);
    for (const { at, to } of changes) if (stream.length > 0) stream[at % Math.min(stream.length, 40)] = to;
    return stream;
  });
  const noise = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes));
  // Noise that is nearly a PUBLISH.
  const likely = fc
    .tuple(fc.integer({ min: 0x30, max: 0x3f }), fc.nat(12), fc.uint8Array({ maxLength: 40 }))
    .map(([first, length, rest]) => Buffer.from([first, length, 0, ...rest]));
  let failed = 0;
  fc.assert(
    fc.property(fc.oneof(damaged, noise, likely), places, fc.boolean(), (stream, at, takes) => {
      const expected = alone(stream);
      if (expected.at(-1)?.startsWith('error')) failed++;
      t.deepEqual(ours(cut(stream, at), { takes }), expected);
    }),
    { numRuns: 1000 },
  );
  t.true(failed > 100, `${failed}`);
});

test('the forms of PUBLISH that are wrong', (t) => {
  for (const hex of [
    '3600',
    '3e0400016100',
    '3000',
    '300100',
    '3003000461',
    '320500016100',
    '3203000161',
    '30ffffffff01',
  ]) {
    const stream = Buffer.from(`${hex}c000`, 'hex');
    t.deepEqual(ours([stream]), alone(stream), hex);
  }
});

test('nothing of a chunk is looked at after the client has been closed', (t) => {
  const expected = alone(mixed);
  for (let closeAfter = 1; closeAfter < expected.length; closeAfter++) {
    t.deepEqual(ours([mixed, mixed], { closeAfter }), expected.slice(0, closeAfter));
    t.deepEqual(ours(cut(mixed, [...mixed.keys()]), { closeAfter }), expected.slice(0, closeAfter));
  }
});

test('an outgoing PUBLISH of QoS 0 has the bytes of mqtt-packet', (t) => {
  const lengths = fc.constantFrom(0, 1, 122, 123, 124, 125, 16_379, 16_380, 16_381, 2_097_147, 2_097_148);
  fc.assert(
    fc.property(topic, lengths, fc.boolean(), (name, length, retain) => {
      const payload = Buffer.alloc(length, 'x');
      const expected = generate({ cmd: 'publish', topic: name, payload, qos: 0, retain, dup: false });
      t.true(encodePublish(name, payload, retain).equals(expected));
    }),
  );
});
