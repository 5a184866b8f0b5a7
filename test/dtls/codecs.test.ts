import test from 'ava';
import fc from 'fast-check';
import { DecodeError } from '#src/core/errors.js';
import { decodeAlert } from '#src/dtls/alert.js';
import { readCertificate } from '#src/dtls/certificate-details.js';
import { decodeFragments, encodeFragment, encodeMessage } from '#src/dtls/handshake-message.js';
import * as certificate from '#src/dtls/messages/certificate.js';
import * as certificateRequest from '#src/dtls/messages/certificate-request.js';
import * as certificateVerify from '#src/dtls/messages/certificate-verify.js';
import * as clientHello from '#src/dtls/messages/client-hello.js';
import * as clientKeyExchange from '#src/dtls/messages/client-key-exchange.js';
import * as helloVerify from '#src/dtls/messages/hello-verify-request.js';
import * as serverHello from '#src/dtls/messages/server-hello.js';
import * as serverKeyExchange from '#src/dtls/messages/server-key-exchange.js';
import { decodeRecords, encodePlainRecord } from '#src/dtls/record.js';
import type { KeyExchange } from '#src/dtls/suites.js';

const bytes = (minLength: number, maxLength = minLength): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength, maxLength }).map((array) => Buffer.from(array));
const u16 = fc.integer({ min: 0, max: 0xffff });
const extensions = fc
  .uniqueArray(fc.tuple(u16, bytes(0, 20)), { maxLength: 6, selector: ([type]) => type })
  .map((entries) => new Map(entries));
const exchanges: KeyExchange[] = ['psk', 'ecdhe_psk', 'ecdhe_ecdsa', 'ecdhe_rsa'];

interface Codec {
  readonly name: string;
  readonly values: fc.Arbitrary<unknown>;
  readonly encode: (value: never) => Buffer;
  readonly decode: (body: Buffer) => unknown;
}

function codec<T>(
  name: string,
  values: fc.Arbitrary<T>,
  encode: (value: T) => Buffer,
  decode: (body: Buffer) => T | DecodeError,
): Codec {
  return { name, values, encode, decode };
}

const signature = fc.record({ scheme: u16, value: bytes(0, 80) });
const params = fc.record({ group: u16, point: bytes(0, 97) });

const codecs: Codec[] = [
  codec(
    'ClientHello',
    fc.record({
      version: u16,
      random: bytes(32),
      sessionId: bytes(0, 32),
      cookie: bytes(0, 255),
      suites: fc.array(u16, { minLength: 1, maxLength: 40 }),
      compressions: bytes(0, 3).map((more) => Buffer.concat([Buffer.from([0]), more])),
      extensions,
    }),
    clientHello.encodeClientHello,
    clientHello.decodeClientHello,
  ),
  codec(
    'ServerHello',
    fc.record({ random: bytes(32), sessionId: bytes(0, 32), suite: u16, extensions }),
    serverHello.encodeServerHello,
    serverHello.decodeServerHello,
  ),
  codec(
    'HelloVerifyRequest',
    bytes(0, 255),
    helloVerify.encodeHelloVerifyRequest,
    helloVerify.decodeHelloVerifyRequest,
  ),
  codec(
    'Certificate with a chain',
    fc.array(bytes(0, 60), { maxLength: 4 }),
    certificate.encodeCertificateChain,
    certificate.decodeCertificateChain,
  ),
  codec('Certificate with a key', bytes(0, 99), certificate.encodeRawPublicKey, certificate.decodeRawPublicKey),
  codec(
    'CertificateRequest',
    fc.record({
      certificateTypes: fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 5 }),
      signatureSchemes: fc.array(u16, { maxLength: 8 }),
      authorities: fc.array(bytes(0, 50), { maxLength: 4 }),
    }),
    certificateRequest.encodeCertificateRequest,
    certificateRequest.decodeCertificateRequest,
  ),
  codec(
    'CertificateVerify',
    signature,
    certificateVerify.encodeCertificateVerify,
    certificateVerify.decodeCertificateVerify,
  ),
  ...exchanges.flatMap((exchange) => {
    const psk = exchange.endsWith('psk');
    const signed = exchange.startsWith('ecdhe_') && !psk;
    const none = fc.constant(undefined);
    return [
      codec(
        `ServerKeyExchange of ${exchange}`,
        fc.record({
          hint: psk ? bytes(0, 40) : none,
          params: exchange === 'psk' ? none : params,
          signature: signed ? signature : none,
        }),
        serverKeyExchange.encodeServerKeyExchange,
        (body) => serverKeyExchange.decodeServerKeyExchange(body, exchange),
      ),
      codec(
        `ClientKeyExchange of ${exchange}`,
        fc.record({ identity: psk ? bytes(0, 128) : none, point: exchange === 'psk' ? none : bytes(0, 97) }),
        clientKeyExchange.encodeClientKeyExchange,
        (body) => clientKeyExchange.decodeClientKeyExchange(body, exchange),
      ),
    ];
  }),
];

for (const { name, values, encode, decode } of codecs) {
  test(`${name}: what is encoded is decoded, and nothing shorter or longer`, (t) => {
    fc.assert(
      fc.property(values, (value) => {
        const body = encode(value as never);
        t.deepEqual(decode(body), value);
        t.true(decode(Buffer.concat([body, Buffer.from([0])])) instanceof DecodeError);
        for (let end = 0; end < body.length; end++) {
          const cut = decode(body.subarray(0, end));
          // A hello may end before its extensions; anything else cut short is refused.
          if (!name.endsWith('Hello')) t.true(cut instanceof DecodeError, `${end} of ${body.length}`);
        }
      }),
      { numRuns: 60 },
    );
  });

  test(`${name}: rubbish never throws`, (t) => {
    fc.assert(
      fc.property(bytes(0, 200), (body) => {
        t.notThrows(() => decode(body));
      }),
      { numRuns: 300 },
    );
  });
}

test('records: what is encoded is decoded', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 20, max: 24 }), fc.maxSafeNat(), bytes(0, 90)), {
        minLength: 1,
        maxLength: 4,
      }),
      (records) => {
        const datagram = Buffer.concat(
          records.map(([type, sequence, body]) => encodePlainRecord(type, 0xfefd, sequence % 2 ** 48, body)),
        );
        const decoded = decodeRecords(datagram, 8);
        t.deepEqual(
          decoded.map(({ type, sequence, fragment }) => [type, sequence, Buffer.from(fragment)]),
          records.map(([type, sequence, body]) => [type, sequence % 2 ** 48, body]),
        );
        t.is(decodeRecords(datagram.subarray(0, -1), 8).length, records.length - 1);
      },
    ),
  );
});

test('fragments: a message in pieces is the message', (t) => {
  fc.assert(
    fc.property(bytes(1, 300), fc.integer({ min: 1, max: 100 }), (body, step) => {
      const message = encodeMessage(11, 3, body);
      const parts: Buffer[] = [];
      for (let at = 0; at < body.length; at += step) {
        const [fragment] = decodeFragments(encodeFragment(message, at, Math.min(step, body.length - at)));
        t.is(fragment?.offset, at);
        parts.push(fragment?.body ?? Buffer.alloc(0));
      }
      t.deepEqual(Buffer.concat(parts), body);
    }),
  );
});

test('fragments and records of rubbish never throw', (t) => {
  fc.assert(
    fc.property(bytes(0, 200), (body) => {
      t.notThrows(() => {
        decodeFragments(body);
        decodeRecords(body, 8);
        decodeAlert(body);
        readCertificate(body);
      });
    }),
  );
});

test('fragments that do not fit their message are dropped', (t) => {
  const fragment = (length: number, offset: number, size: number, bytesThere: number): Buffer => {
    const header = Buffer.alloc(12 + bytesThere);
    header.writeUIntBE(length, 1, 3);
    header.writeUIntBE(offset, 6, 3);
    header.writeUIntBE(size, 9, 3);
    return header;
  };
  t.is(decodeFragments(fragment(10, 0, 10, 10)).length, 1);
  t.is(decodeFragments(fragment(10, 5, 6, 6)).length, 0);
  t.is(decodeFragments(fragment(10, 0, 10, 9)).length, 0);
  t.is(decodeFragments(fragment(10, 0, 0, 0)).length, 0);
  t.is(decodeFragments(fragment(0xffffff, 0xffffff, 0xffffff, 5)).length, 0);
});
