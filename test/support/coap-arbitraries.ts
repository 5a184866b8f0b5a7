import fc from 'fast-check';
import type { Message } from '#src/coap/message.js';
import { Options } from '#src/coap/options.js';
import type { ResponseCode } from '#src/coap/types.js';

const bytes = (minLength: number, maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength, maxLength }).map((array) => Buffer.from(array));

const segment = fc
  .oneof(fc.string({ maxLength: 20 }), fc.string({ unit: 'grapheme', maxLength: 300 }))
  .filter((text) => Buffer.byteLength(text) <= 255);
const segments = fc.array(segment, { maxLength: 5 });
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });
const uint = (bits: number): fc.Arbitrary<number | undefined> => maybe(fc.nat(2 ** bits - 1));
const block = maybe(fc.record({ num: fc.nat(2 ** 20 - 1), more: fc.boolean(), szx: fc.nat(7) }));

/** Options as a message can carry them. */
export const anyOptions: fc.Arbitrary<Options> = fc
  .record({
    path: segments,
    query: segments,
    location: segments,
    contentFormat: uint(16),
    accept: uint(16),
    observe: uint(24),
    maxAge: uint(32),
    etag: maybe(bytes(1, 8)),
    block1: block,
    block2: block,
    size1: uint(32),
    size2: uint(32),
    requestTag: maybe(bytes(0, 8)),
  })
  .map((values) => Object.assign(new Options(), values));

const mid = fc.nat(0xffff);
const common = { mid, token: bytes(0, 8), options: anyOptions, payload: bytes(0, 300) };
const method = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'FETCH', 'PATCH', 'iPATCH');
const code = fc
  .tuple(fc.constantFrom(2 as const, 4 as const, 5 as const), fc.nat(31))
  .map(([group, detail]): ResponseCode => `${group}.${String(detail).padStart(2, '0')}`);

/** Any message that may be sent. */
export const anyMessage: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ kind: fc.constant('empty'), type: fc.constantFrom('CON', 'ACK', 'RST'), mid }),
  fc.record({ kind: fc.constant('request'), type: fc.constantFrom('CON', 'NON'), method, ...common }),
  fc.record({ kind: fc.constant('response'), type: fc.constantFrom('CON', 'NON', 'ACK'), code, ...common }),
);

/** Datagrams from the network: noise, valid messages, and messages that have been cut, changed or prolonged. */
export function anyDatagram(valid: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> {
  const header = fc.constantFrom(0x40, 0x44, 0x48, 0x50, 0x60, 0x68, 0x70);
  const plausible = fc.tuple(header, bytes(0, 40)).map(([first, rest]) => Buffer.concat([Buffer.of(first), rest]));
  const changed = fc.tuple(valid, fc.nat(), fc.nat(255)).map(([datagram, at, value]) => {
    const copy = Buffer.from(datagram);
    copy[at % copy.length] = value;
    return copy;
  });
  const cut = fc.tuple(valid, fc.nat()).map(([datagram, at]) => datagram.subarray(0, at % datagram.length));
  const longer = fc.tuple(valid, bytes(1, 20)).map((parts) => Buffer.concat(parts));
  return fc.oneof(bytes(0, 64), plausible, changed, cut, longer, valid);
}
