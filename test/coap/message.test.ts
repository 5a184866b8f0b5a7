import test from 'ava';
import { generate } from 'coap-packet';
import fc from 'fast-check';
import { encodeMessage } from '#src/coap/encode.js';
import { confirmableMid, decodeMessage, type Message } from '#src/coap/message.js';
import { DecodeError } from '#src/core/errors.js';
import { anyDatagram, anyMessage } from '../support/coap-arbitraries.js';
import { options, read, request, response } from '../support/coap-messages.js';
import { fuzzRuns } from '../support/fuzz.js';

const vectors: readonly (readonly [name: string, hex: string, message: Message])[] = [
  ['ping', '40001234', { kind: 'empty', type: 'CON', mid: 0x1234 }],
  ['acknowledgement', '60001234', { kind: 'empty', type: 'ACK', mid: 0x1234 }],
  ['reset', '7000ffff', { kind: 'empty', type: 'RST', mid: 0xffff }],
  [
    'RFC 7252 figure 16: a request without a token',
    '40017d34bb74656d7065726174757265',
    request('GET', '/temperature', { mid: 0x7d34, token: '' }),
  ],
  [
    'RFC 7252 figure 16: its piggybacked response',
    '60457d34ff32322e332043',
    response('2.05', { mid: 0x7d34, token: '', payload: '22.3 C' }),
  ],
  [
    'RFC 7252 figure 17: a token of one byte',
    '41017d3520bb74656d7065726174757265',
    request('GET', '/temperature', { mid: 0x7d35, token: '20' }),
  ],
  [
    'the first block of an upload: 1:0/1/64',
    '44035f1e01020304 b7 6f7074696f6e73 d1030a',
    request('PUT', '/options', { mid: 0x5f1e, token: '01020304', options: { block1: { num: 0, more: true, szx: 2 } } }),
  ],
  [
    'a registration: a format, four queries, a payload',
    '480200010807060504030201 b27264 1128 3665703d657031 056c743d3630 096c776d326d3d312e31 03623d55 ff3c2f312f303e',
    request('POST', '/rd?ep=ep1&lt=60&lwm2m=1.1&b=U', {
      token: '0807060504030201',
      options: { contentFormat: 40 },
      payload: '</1/0>',
    }),
  ],
  [
    'a location, one option per segment',
    '61410001a1 827264 0435463341',
    response('2.01', { options: { location: ['rd', '5F3A'] } }),
  ],
  [
    'a notification: the largest sequence and block numbers, two-byte format',
    '5145abcd01 63ffffff 622d16 213c 93fffffe ff00',
    response('2.05', {
      type: 'NON',
      mid: 0xabcd,
      token: '01',
      payload: Buffer.of(0),
      options: { observe: 0xffffff, contentFormat: 11542, maxAge: 60, block2: { num: 0xfffff, more: true, szx: 6 } },
    }),
  ],
  ['zeros need no bytes', '41010000a1 60 b0', request('GET', '', { mid: 0, options: { observe: 0, accept: 0 } })],
];

for (const [name, hex, message] of vectors) {
  test(`vector: ${name}`, (t) => {
    const datagram = Buffer.from(hex.replaceAll(' ', ''), 'hex');
    t.deepEqual(read(datagram), message);
    t.is(encodeMessage(message).toString('hex'), datagram.toString('hex'));
  });
}

const malformed: readonly (readonly [name: string, hex: string])[] = [
  ['nothing', ''],
  ['shorter than a header', '400100'],
  ['version 0', '00010001'],
  ['version 3', 'c0010001'],
  ['token length 9', '4901000101020304050607080900'],
  ['token length 13, an extended token elsewhere', '4d01000100aaaaaaaaaaaaaaaaaaaaaaaaaa'],
  ['token length 15', '4f010001aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'],
  ['token past the end', '4401000101'],
  ['empty message with a byte more', '4000000100'],
  ['empty message that announces a token', '41000001'],
  ['empty message with a token', '41000001aa'],
  ['empty non-confirmable message', '50000001'],
  ['reset with a code', '70450001'],
  ['acknowledgement that carries a request', '60010001'],
  ['code class 1', '40200001'],
  ['code class 3', '40600001'],
  ['code class 6', '40c00001'],
  ['code class 7, signalling', '40e10001'],
  ['option delta 15 that is no payload marker', '40010001f0'],
  ['option length 15', '400100011f'],
  ['extended delta past the end', '40010001d0'],
  ['two-byte extended delta past the end', '40010001e000'],
  ['extended length past the end', '400100011d'],
  ['two-byte extended length past the end', '400100011e00'],
  ['option value past the end', '40010001b9616263'],
  ['option number beyond 65535', `40010001${'e0ffff'.repeat(2)}`],
  ['payload marker without payload', '40010001b161ff'],
  ['129 options', `40010001b0${'00'.repeat(128)}`],
];

for (const [name, hex] of malformed) {
  test(`malformed: ${name}`, (t) => {
    t.true(decodeMessage(Buffer.from(hex, 'hex')) instanceof DecodeError);
  });
}

test('128 options are still read', (t) => {
  const message = read(`40010001b0${'00'.repeat(127)}`);
  t.is(message.kind === 'request' && message.options.path.length, 128);
});

test('the message id of a malformed message is known if it is confirmable and of our version', (t) => {
  t.is(confirmableMid(Buffer.from('4f01abcd', 'hex')), 0xabcd);
  for (const hex of ['4f01ab', '5f01abcd', '6f01abcd', '7f01abcd', '8f01abcd', '']) {
    t.is(confirmableMid(Buffer.from(hex, 'hex')), undefined);
  }
});

test('a method that is not known is a request without method', (t) => {
  const message = read('40080001');
  t.is(message.kind, 'request');
  t.is(message.kind === 'request' && message.method, undefined);
});

const criticalTrouble: readonly (readonly [name: string, hex: string, bad: string])[] = [
  ['unknown critical option 9999', '40010001e12602aa', '9999'],
  ['If-Match', '4001000110', 'If-Match'],
  ['If-None-Match', '4001000150', 'If-None-Match'],
  ['OSCORE', '4001000190', 'OSCORE'],
  ['Accept of three bytes', '40010001d304000001', 'Accept'],
  ['Accept twice', '40010001d0040 0'.replaceAll(' ', ''), 'Accept'],
  ['Block2 of four bytes', '40010001d40a00000000', 'Block2'],
  ['Uri-Path of 256 bytes', `40010001bdf3${'61'.repeat(256)}`, 'Uri-Path'],
  ['Uri-Path that is no text', '40010001b2c328', 'Uri-Path'],
];

for (const [name, hex, bad] of criticalTrouble) {
  test(`critical option: ${name}`, (t) => {
    const message = read(hex);
    t.is(message.kind === 'request' && message.options.bad, bad);
  });
}

test('elective options that are unknown, malformed or repeated are left out', (t) => {
  // If the peer meant something by them, it can do without: Hop-Limit, a 3-byte Content-Format, a second Max-Age, 2048.
  const message = read('40450001 c3000001 213c 013d 2110 e006e3'.replaceAll(' ', ''));
  t.deepEqual(message, response('2.05', { type: 'CON', token: '', options: { maxAge: 60 } }));
});

test('the replacement character itself is text', (t) => {
  const message = request('GET', '/\uFFFD');
  t.deepEqual(read(encodeMessage(message)), message);
});

test('what does not fit a datagram is refused, not cut', (t) => {
  t.throws(() => encodeMessage(request('PUT', '/a', { payload: Buffer.alloc(65_507) })), { instanceOf: RangeError });
  t.throws(() => encodeMessage(request('PUT', '/a', { token: '00'.repeat(9) })), { instanceOf: RangeError });
});

test('property: what is written is read back', (t) => {
  fc.assert(
    fc.property(anyMessage, (message) => {
      t.deepEqual(read(encodeMessage(message)), message);
    }),
    { numRuns: Math.min(fuzzRuns, 20_000) },
  );
});

test("property: our datagrams are those of the packet library's generator", (t) => {
  fc.assert(
    fc.property(anyMessage, (message) => {
      const datagram = encodeMessage(message);
      t.is(datagram.toString('hex'), generate(asPacket(message), 65_507).toString('hex'));
    }),
    { numRuns: Math.min(fuzzRuns, 20_000) },
  );
});

function asPacket(message: Message): Parameters<typeof generate>[0] {
  const type = { confirmable: message.type === 'CON', ack: message.type === 'ACK', reset: message.type === 'RST' };
  if (message.kind === 'empty') return { ...type, messageId: message.mid, code: '0.00' };
  const { options: o, mid, token, payload } = message;
  const list: { name: string; value: Buffer }[] = [];
  const add = (name: string, value: Buffer | undefined): void => {
    if (value !== undefined) list.push({ name, value });
  };
  const uint = (value: number | undefined): Buffer | undefined => {
    if (value === undefined) return undefined;
    const hex = value === 0 ? '' : value.toString(16);
    return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  };
  const block = (b: { num: number; more: boolean; szx: number } | undefined): number | undefined =>
    b === undefined ? undefined : b.num * 16 + (b.more ? 8 : 0) + b.szx;
  add('ETag', o.etag);
  add('Observe', uint(o.observe));
  for (const text of o.location) add('Location-Path', Buffer.from(text));
  for (const text of o.path) add('Uri-Path', Buffer.from(text));
  add('Content-Format', uint(o.contentFormat));
  add('Max-Age', uint(o.maxAge));
  for (const text of o.query) add('Uri-Query', Buffer.from(text));
  add('Accept', uint(o.accept));
  add('Block2', uint(block(o.block2)));
  add('Block1', uint(block(o.block1)));
  add('Size2', uint(o.size2));
  add('Size1', uint(o.size1));
  add('292', o.requestTag);
  const code = message.kind === 'request' ? message.method : message.code;
  return { ...type, messageId: mid, token, code, options: list, payload };
}

test('fuzz: no datagram throws, and what is read can be written and read again', (t) => {
  const datagrams = anyDatagram(anyMessage.map(encodeMessage));
  let messages = 0;
  fc.assert(
    fc.property(datagrams, (datagram) => {
      const message = decodeMessage(datagram);
      if (message instanceof DecodeError) return;
      messages++;
      // Only what this endpoint would never send itself cannot be written again.
      if (message.kind === 'request' && message.method === undefined) return;
      if (message.kind !== 'empty' && (message.options.bad !== undefined || message.options.proxy)) return;
      t.deepEqual(read(encodeMessage(message)), message);
    }),
    { numRuns: fuzzRuns },
  );
  t.true(messages > fuzzRuns / 20);
});

test('options() and read() in these tests agree on what is absent', (t) => {
  t.deepEqual(read('40010001'), request('GET', '', { token: '', options: options() }));
});
