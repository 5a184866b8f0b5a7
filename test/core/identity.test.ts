import test from 'ava';
import { mayUseName } from '#src/core/identity.js';

const x509 = { kind: 'x509', subject: 'O=Acme, CN=device-1', commonName: 'device-1', fingerprint: '00' } as const;

test('names an identity may use', (t) => {
  t.true(mayUseName({ kind: 'psk', identity: 'dev1' }, 'dev1', 'on'));
  t.false(mayUseName({ kind: 'psk', identity: 'dev1' }, 'dev2', 'on'));
  t.true(mayUseName({ kind: 'psk', identity: 'dev1', endpoint: 'ep1' }, 'ep1', 'on'));
  t.false(mayUseName({ kind: 'psk', identity: 'dev1', endpoint: 'ep1' }, 'dev1', 'on'));
  t.true(mayUseName({ kind: 'psk', identity: 'dev1' }, 'dev2', 'off'));
  t.true(mayUseName(x509, 'device-1', 'cn'));
  t.false(mayUseName(x509, 'device-2', 'on'));
  t.true(mayUseName({ kind: 'rpk', publicKey: '00' }, 'any', 'on'));
  t.false(mayUseName({ kind: 'rpk', publicKey: '00', endpoint: 'ep1' }, 'any', 'on'));
  t.true(mayUseName(undefined, 'any', 'on'));
});
