import { randomBytes } from 'node:crypto';
import test from 'ava';
import fc from 'fast-check';
import { RecordCipher } from '#src/dtls/ciphers.js';
import { CookieJar } from '#src/dtls/cookie.js';
import { groups } from '#src/dtls/groups.js';
import { decodeFragments, encodeMessage } from '#src/dtls/handshake-message.js';
import { identityBytes, identityText } from '#src/dtls/identity-text.js';
import type { ClientHello } from '#src/dtls/messages/client-hello.js';
import { prf } from '#src/dtls/prf.js';
import { longestMessage, Reassembler } from '#src/dtls/reassembly.js';
import { decodeRecords } from '#src/dtls/record.js';
import { ReplayWindow } from '#src/dtls/replay-window.js';
import { chooseSuites, suites } from '#src/dtls/suites.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const none = Buffer.alloc(0);

test('PRF with SHA-256: the vector published on the IETF TLS list', (t) => {
  const secret = hex('9bbe436ba940f017b17652849a71db35');
  const seed = hex('a0ba9f936cda311827a6f796ffd5198c');
  t.is(
    prf('sha256', secret, 'test label', seed, 100).toString('hex'),
    'e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66',
  );
});

test('PRF with SHA-384: the vector published on the IETF TLS list', (t) => {
  const secret = hex('b80b733d6ceefcdc71566ea48e5567df');
  const seed = hex('cd665cf6a8447dd6ff8b27555edb7465');
  t.is(
    prf('sha384', secret, 'test label', seed, 148).toString('hex'),
    '7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cde9ca0faa60be9fe34f82b1233c9146a0e534cb400fed2700884f9dc236f80edd8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d9184259b5bf8cd4d90fa0d31e2dec479e4f1a26066f2eea9a69236a3e52655c9e9aee691c8f3a26854308d5eaa3be85e0990703d73e56f',
  );
});

test('every suite: sealed records open on the other side only, and only unchanged', (t) => {
  for (const suite of suites) {
    const block = randomBytes(2 * suite.keyLength + 8);
    const client = new RecordCipher(suite, Buffer.from(block), 'client');
    const server = new RecordCipher(suite, Buffer.from(block), 'server');
    for (const cid of [none, hex('c1d2c3d4')]) {
      for (const content of [none, Buffer.from('x'), randomBytes(1000)]) {
        const record = client.seal(23, 1, 7, content, cid);
        t.is(record.length, content.length + client.overhead(cid));
        const [decoded] = decodeRecords(record, cid.length);
        if (decoded === undefined) throw new Error('record');
        t.deepEqual(server.open(decoded), { type: 23, content });
        t.is(client.open(decoded), undefined);
        for (let at = 0; at < record.length; at++) {
          if (at > 60 && at < record.length - 20) continue;
          const changed = Buffer.from(record);
          changed[at] = (changed[at] ?? 0) ^ 1;
          const [other] = decodeRecords(changed, cid.length);
          if (other !== undefined) t.is(server.open(other), undefined, `${suite.name} byte ${at}`);
        }
      }
    }
    server.destroy();
    t.true(server.keys.equals(Buffer.alloc(block.length)));
  }
});

test('the replay window against a plain model', (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 200 }), (numbers) => {
      const window = new ReplayWindow();
      const seen = new Set<number>();
      let top = -1;
      for (const number of numbers) {
        t.is(window.admits(number), !seen.has(number) && number > top - 64);
        if (!window.admits(number)) continue;
        window.mark(number);
        seen.add(number);
        top = Math.max(top, number);
      }
    }),
  );
});

test('the replay window at the end of the numbers', (t) => {
  const window = new ReplayWindow();
  const last = 2 ** 48 - 1;
  window.mark(5);
  window.mark(last);
  t.false(window.admits(last));
  t.true(window.admits(last - 1));
  t.false(window.admits(last - 64));
});

test('reassembly holds only what it should', (t) => {
  const reassembler = new Reassembler(4, 1000, () => 600);
  const [fragment] = decodeFragments(encodeMessage(16, 5, Buffer.alloc(600)));
  if (fragment === undefined) throw new Error('fragment');
  t.true(reassembler.add(fragment));
  t.false(reassembler.add({ ...fragment, messageSeq: 3 }), 'past');
  t.false(reassembler.add({ ...fragment, messageSeq: 12 }), 'far ahead');
  t.false(reassembler.add({ ...fragment, messageSeq: 6, length: 601 }), 'too long');
  t.false(reassembler.add({ ...fragment, messageSeq: 6 }), 'beyond the whole');
  t.false(reassembler.add({ ...fragment, type: 11 }), 'another type under the same number');
  t.is(reassembler.next(), undefined);
  t.true(reassembler.add({ ...fragment, messageSeq: 4, length: 0, body: none }));
  t.is(reassembler.next()?.messageSeq, 4);
  t.is(reassembler.next()?.body.length, 600);
  t.is(longestMessage(200), 0);
});

test('cookies: bound to address and hello, good for a minute or two', (t) => {
  const jar = new CookieJar(randomBytes, 0);
  const hello: ClientHello = {
    version: 0xfefd,
    random: randomBytes(32),
    sessionId: none,
    cookie: none,
    suites: [0xc0a8],
    compressions: Buffer.from([0]),
    extensions: new Map([[23, none]]),
  };
  const cookie = jar.make('192.0.2.1|5', hello, 0);
  const accepts = (change: Partial<ClientHello>, address = '192.0.2.1|5', now = 1): boolean =>
    jar.accepts(address, { ...hello, cookie, ...change }, now);
  t.true(accepts({}));
  t.true(accepts({ extensions: new Map() }), 'extensions may change');
  t.false(accepts({}, '192.0.2.1|6'));
  t.false(accepts({ random: randomBytes(32) }));
  t.false(accepts({ suites: [0xc0a4] }));
  t.false(accepts({ sessionId: Buffer.alloc(32) }));
  t.false(accepts({ cookie: cookie.subarray(0, 15) }));
  t.false(accepts({ cookie: Buffer.alloc(16) }));
  t.true(accepts({}, undefined, 60_001));
  t.false(accepts({}, undefined, 120_002));
});

test('points that are not of the group are refused', (t) => {
  for (const group of groups) {
    const ours = group.generate();
    const theirs = group.generate();
    t.deepEqual(ours.agree(theirs.point), theirs.agree(ours.point));
    const { length } = ours.point;
    for (const point of [
      none,
      Buffer.alloc(1),
      Buffer.alloc(length),
      Buffer.alloc(length - 1, 4),
      Buffer.alloc(length, 4),
    ]) {
      if (group.curve === 'x25519' && point.equals(Buffer.alloc(length, 4))) continue;
      t.is(ours.agree(point), undefined, `${group.curve} ${point.length}`);
    }
    if (group.curve !== 'x25519') {
      const hybrid = Buffer.from(theirs.point);
      hybrid[0] = 6 + ((hybrid.at(-1) ?? 0) & 1);
      t.is(ours.agree(hybrid), undefined);
    }
  }
});

test('identities as text and back', (t) => {
  t.is(identityText(Buffer.from('dev1')), 'dev1');
  t.is(identityText(Buffer.from('größe')), 'größe');
  t.is(identityText(hex('00ff')), '0x00ff');
  t.is(identityText(none), '0x');
  t.is(identityText(Buffer.from('0xab')), '0x30786162');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
      const identity = Buffer.from(bytes);
      t.deepEqual(identityBytes(identityText(identity)), identity);
    }),
  );
});

test('suites by their names', (t) => {
  const { suites: chosen, unsupported } = chooseSuites([
    'PSK-AES128-CCM8',
    'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8',
    'ecdhe-ecdsa-aes128-gcm-sha256',
    'ECDHE-RSA-AES128-SHA',
    'PSK-AES128-CCM8',
  ]);
  t.deepEqual(
    chosen.map((suite) => suite.id),
    [0xc0a8, 0xc0ae, 0xc02b],
  );
  t.deepEqual(unsupported, ['ECDHE-RSA-AES128-SHA']);
  const error = t.throws(() => chooseSuites(['AES128-SHA', 'DES-CBC3-SHA']), { code: 'CIPHERS' });
  t.true(error?.message.includes('AES128-SHA, DES-CBC3-SHA'));
});
