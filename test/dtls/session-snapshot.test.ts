import { randomBytes } from 'node:crypto';
import test from 'ava';
import fc from 'fast-check';
import { DecodeError } from '#src/core/errors.js';
import { RecordCipher } from '#src/dtls/ciphers.js';
import { masterSecretLength } from '#src/dtls/prf.js';
import { masterOf, ResumptionCache } from '#src/dtls/resumption.js';
import { Session } from '#src/dtls/session.js';
import { decodeSnapshot, encodeSnapshot, type RestoredSession } from '#src/dtls/session-snapshot.js';
import { keyBlockLength, suites } from '#src/dtls/suites.js';

const identity = { kind: 'psk', identity: 'dev1' } as const;
const credential = 'a digest';
const sizes = { maxPlaintext: 512, maxReceived: 16_384 };
const place = { lowerKey: '127.0.0.1|5', lease: 2048, generation: 3 };

function sessionOf(suite: (typeof suites)[number], secret: Buffer): Session {
  const cipher = new RecordCipher(suite, secret, 'server');
  const names = { name: 'name', identity, credential, ownCid: 'cid', peerCid: Buffer.from('peer') };
  const session = new Session({ ...names, ...sizes, cipher, now: 1000 });
  session.resumable = {
    id: 'i'.repeat(32),
    suite,
    secret,
    extendedMasterSecret: true,
    identity,
    credential,
    expiresAt: 5000,
  };
  return session;
}

function restored(session: Session, final: boolean): RestoredSession {
  const decoded = decodeSnapshot(encodeSnapshot(session, { ...place, final }));
  if (decoded instanceof DecodeError) throw decoded;
  return decoded;
}

test('a session of every suite comes back with its secrets', (t) => {
  for (const suite of suites) {
    const secret = randomBytes(keyBlockLength(suite) + masterSecretLength);
    const session = sessionOf(suite, Buffer.from(secret));
    const { session: again, ...where } = restored(session, true);
    t.deepEqual(where, { lowerKey: place.lowerKey, generation: place.generation });
    t.true(again.cipher.keys.equals(secret.subarray(0, keyBlockLength(suite))));
    if (again.resumable === undefined) throw new Error('not resumable');
    t.true(masterOf(again.resumable).equals(secret.subarray(-masterSecretLength)));
    t.deepEqual({ ...again.resumable, secret: undefined }, { ...session.resumable, secret: undefined });
    t.deepEqual([again.identity, again.credential, again.ownCid], [identity, credential, 'cid']);
  }
});

test('any replay window comes back after a clean stop; after a crash it is shut below its top', (t) => {
  fc.assert(
    fc.property(fc.array(fc.nat(150), { minLength: 1 }), (numbers) => {
      const [suite] = suites;
      if (suite === undefined) throw new Error('no suite');
      const session = sessionOf(suite, randomBytes(keyBlockLength(suite) + masterSecretLength));
      for (const number of numbers) session.window.mark(number);
      const { window } = restored(session, true).session;
      const crashed = restored(session, false).session.window;
      for (let number = 0; number < 200; number++) {
        t.is(window.admits(number), session.window.admits(number));
        t.is(crashed.admits(number), number > session.window.top);
      }
    }),
  );
});

test('the end of a session overwrites its keys, to forget it for resumption its master secret, and neither the other', (t) => {
  for (const suite of suites) {
    const secret = randomBytes(keyBlockLength(suite) + masterSecretLength);
    const session = sessionOf(suite, secret);
    const { resumable } = session;
    if (resumable === undefined) throw new Error('not resumable');
    const cache = new ResumptionCache(1);
    cache.add(resumable);
    const master = Buffer.from(masterOf(resumable));
    session.close();
    t.true(session.cipher.keys.equals(Buffer.alloc(keyBlockLength(suite))));
    t.true(masterOf(resumable).equals(master));
    cache.forget(resumable);
    t.true(secret.equals(Buffer.alloc(secret.length)));
  }
});
