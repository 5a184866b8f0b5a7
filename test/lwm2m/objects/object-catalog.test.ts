import test from 'ava';
import { ObjectCatalog } from '#src/lwm2m/objects/object-catalog.js';
import type { ObjectDefinition } from '#src/lwm2m/values.js';

function definition(id: number, version: string, name = `${id} ${version}`): ObjectDefinition {
  return {
    id,
    version,
    name,
    urn: '',
    multiple: false,
    mandatory: false,
    description: '',
    resources: new Map(),
  };
}

/** Published versions, the version asked for, the version to use. */
const rule: readonly (readonly [string, string | undefined, string | undefined])[] = [
  ['1.0 1.1 2.0', '1.0', '1.0'],
  ['1.0 1.1 2.0', '1.1', '1.1'],
  ['1.0 1.1 2.0', '2.0', '2.0'],
  ['1.0 1.1 2.0', '1.5', '1.1'],
  ['2.0 1.9 1.10', '1.5', '1.10'],
  ['1.0 2.1 2.0', '2.9', '2.1'],
  ['1.0 1.1 2.0', '3.0', '2.0'],
  ['2.0 3.0', '1.0', '3.0'],
  ['1.0 1.1', '1', '1.0'],
  ['1.0 1.1', undefined, '1.1'],
  ['1.0 1.1 2.0', undefined, '1.1'],
  ['1.1 1.2', undefined, '1.2'],
  ['2.0 2.1', undefined, '2.1'],
  ['1.0 1.1', 'nonsense', '1.1'],
  ['', '1.0', undefined],
];

test('the version is chosen: exactly, else the highest of the same major, else the newest', (t) => {
  for (const [published, wanted, chosen] of rule) {
    const versions = published === '' ? [] : published.split(' ');
    for (const order of [versions, versions.toReversed()]) {
      const catalog = new ObjectCatalog(order.map((version) => definition(7, version)));
      t.is(catalog.find(7, wanted)?.version, chosen, `${published}: ${wanted}`);
    }
  }
});

test('versions of several objects stand side by side', (t) => {
  const catalog = new ObjectCatalog([definition(3, '1.0'), definition(0, '1.0'), definition(3, '1.2')]);
  t.is(catalog.count, 3);
  t.deepEqual(
    [...catalog.definitions()].map(({ name }) => name),
    ['0 1.0', '3 1.2', '3 1.0'],
  );
  t.is(catalog.find(1), undefined);
});

test('of two definitions with one id and version the last is kept', (t) => {
  const catalog = new ObjectCatalog([definition(3, '1.0', 'first'), definition(3, '1.0', 'last')]);
  t.is(catalog.count, 1);
  t.is(catalog.find(3)?.name, 'last');
});
