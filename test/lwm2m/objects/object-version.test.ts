import test from 'ava';
import { compareVersions, defaultVersion, formatVersion, parseVersion } from '#src/lwm2m/objects/object-version.js';

test('versions are read and written', (t) => {
  t.deepEqual(parseVersion('1.1'), { major: 1, minor: 1 });
  t.deepEqual(parseVersion(' 2 '), { major: 2, minor: 0 });
  t.deepEqual(parseVersion('1.10'), { major: 1, minor: 10 });
  for (const text of ['', '.', '1.', '.1', 'v1.0', '1.0.2', '-1.0', '1.0e3', '123456.0']) {
    t.is(parseVersion(text), undefined, text);
  }
  t.is(formatVersion({ major: 1, minor: 10 }), '1.10');
});

test('versions are compared as numbers', (t) => {
  const ascending = [
    { major: 1, minor: 0 },
    { major: 1, minor: 9 },
    { major: 1, minor: 10 },
    { major: 2, minor: 0 },
  ];
  t.deepEqual(ascending.toReversed().sort(compareVersions), ascending);
});

test('without a registered version the core objects follow the version of LwM2M', (t) => {
  t.is(defaultVersion(4, '1.0'), '1.0');
  t.is(defaultVersion(4, '1.1'), '1.2');
  t.is(defaultVersion(4, '1.2'), '1.3');
  t.is(defaultVersion(5, '1.1'), '1.0');
  t.is(defaultVersion(3303, '1.2'), undefined, 'the highest 1.x');
  t.is(defaultVersion(3, '9.9'), '1.0');
});
