import test from 'ava';
import fc from 'fast-check';
import { Reader } from '#src/core/bytes.js';
import { DecodeError } from '#src/core/errors.js';
import { decode } from '#src/mqttsn/decode.js';
import { encode } from '#src/mqttsn/encode.js';
import { format } from '#src/mqttsn/format.js';
import { msgTypes } from '#src/mqttsn/packets.js';
import { anyPacket, mutate } from '../support/arbitraries-mqttsn.js';
import { malformed, vectors } from '../vectors/mqttsn.js';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

for (const { hex, packet, line, oneWay } of vectors) {
  test(`${oneWay === true ? 'reads' : 'reads and writes'} ${hex.slice(0, 40)}: ${line}`, (t) => {
    const reader = new Reader(bytes(hex));
    t.deepEqual(decode(reader), packet);
    t.is(reader.remaining, 0);
    t.is(format(packet), line);
    if (oneWay !== true) t.is(encode(packet).toString('hex'), bytes(hex).toString('hex'));
  });
}

test('the vectors hold every message', (t) => {
  t.deepEqual([...new Set(vectors.map((v) => v.packet.type))].sort(), Object.keys(msgTypes).sort());
});

for (const [hex, reason] of malformed) {
  test(`refuses ${hex === '' ? 'an empty datagram' : hex}: ${reason}`, (t) => {
    t.true(decode(new Reader(bytes(hex))) instanceof DecodeError);
  });
}

test('several messages in one datagram are read one after the other', (t) => {
  const reader = new Reader(Buffer.concat(vectors.map((v) => bytes(v.hex))));
  t.deepEqual(
    vectors.map(() => decode(reader)),
    vectors.map((v) => v.packet),
  );
  t.is(reader.remaining, 0);
});

test('a message of more than 65,535 bytes cannot be written', (t) => {
  const packet = { type: 'WILLMSG', payload: Buffer.alloc(65532) } as const;
  t.throws(() => encode(packet), { instanceOf: RangeError });
  t.is(encode({ ...packet, payload: Buffer.alloc(65531) }).length, 65535);
});

test('what is written reads the same', (t) => {
  fc.assert(
    fc.property(anyPacket, (packet) => {
      const reader = new Reader(encode(packet));
      t.deepEqual(decode(reader), packet);
      t.is(reader.remaining, 0);
      t.notRegex(format(packet), /\n/);
    }),
  );
});

test('no bytes make the decoder throw or read beyond their end', (t) => {
  const numRuns = Number(process.env.ISTHMUS_FUZZ ?? 5000);
  const change = fc.record({ at: fc.nat(), to: fc.nat(255) });
  const hostile = fc.oneof(
    fc.uint8Array({ maxLength: 80 }).map((array) => Buffer.from(array)),
    fc.tuple(anyPacket, fc.array(change, { maxLength: 4 }), fc.nat(3)).map(([p, c, cut]) => mutate(encode(p), c, cut)),
  );
  fc.assert(
    fc.property(hostile, (input) => {
      // The bytes around the input would show up in a value that was read too far.
      const around = Buffer.concat([Buffer.alloc(8, 0xee), input, Buffer.alloc(8, 0xee)]);
      const reader = new Reader(around, 8, 8 + input.length);
      const packet = decode(reader);
      t.true(reader.offset <= 8 + input.length);
      if (!(packet instanceof DecodeError)) t.is(typeof format(packet), 'string');
    }),
    { numRuns },
  );
});
