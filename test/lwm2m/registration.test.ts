import test from 'ava';
import { parseRegister, parseUpdate, updated } from '#src/lwm2m/registration.js';

const rules = { lifetimeMinSeconds: 15, lifetimeMaxSeconds: 86_400, publishedParameters: ['imei'], psmApns: ['ctnb'] };

function register(query: readonly string[], links = '</3/0>') {
  const parsed = parseRegister(query, Buffer.from(links), rules);
  return parsed.kind === 'refused' ? parsed.code : parsed.registration;
}

const refusals: [string, string[], '4.00' | '4.12'][] = [
  ['ep is missing', ['lt=300'], '4.00'],
  ['ep is empty', ['ep=', 'lt=300'], '4.00'],
  ['ep is given twice', ['ep=a', 'ep=b'], '4.00'],
  ['a parameter has no value', ['ep=a', 'foo'], '4.00'],
  ['a parameter has no name', ['ep=a', '=5'], '4.00'],
  ['lt is no number', ['ep=a', 'lt=soon'], '4.00'],
  ['lt is negative', ['ep=a', 'lt=-300'], '4.00'],
  ['lt is below the minimum', ['ep=a', 'lt=14'], '4.00'],
  ['lt is above the maximum', ['ep=a', 'lt=86401'], '4.00'],
  ['the version is to come', ['ep=a', 'lwm2m=2.0'], '4.12'],
  ['the version is 1.3', ['ep=a', 'lwm2m=1.3'], '4.12'],
  ['the version is empty', ['ep=a', 'lwm2m='], '4.12'],
];

for (const [title, query, code] of refusals) {
  test(`a registration is refused when ${title}`, (t) => {
    t.is(register(query), code);
  });
}

test('a registration is refused when its links cannot be read', (t) => {
  for (const links of ['3/0', '</3/0', '</3/0>;ct="40', `</3/0>,${'<'.repeat(70_000)}`]) {
    t.is(register(['ep=a'], links), '4.00');
  }
});

test('what is left out has its default', (t) => {
  t.deepEqual(register(['ep=urn:imei:1'], ''), {
    endpoint: 'urn:imei:1',
    lifetimeSeconds: 86_400,
    version: '1.0',
    queueMode: false,
    parameters: {},
    objects: { links: '', alternatePath: [], paths: [], versions: new Map(), contentFormats: [] },
  });
});

test('versions', (t) => {
  for (const [given, version] of [
    ['1', '1.0'],
    ['1.0', '1.0'],
    ['1.1', '1.1'],
    ['1.2', '1.2'],
  ]) {
    const registration = register(['ep=a', `lwm2m=${given}`]);
    t.true(typeof registration === 'object');
    if (typeof registration === 'object')
      t.deepEqual([registration.version, registration.parameters['lwm2m']], [version, given]);
  }
});

test('queue mode by binding, by Q, and by access point', (t) => {
  const sleeps = (...query: string[]): boolean | undefined => {
    const registration = register(['ep=a', ...query]);
    return typeof registration === 'object' ? registration.queueMode : undefined;
  };
  t.deepEqual(
    [['b=U'], ['b=UQ'], ['b=UQS'], ['b=U', 'Q'], ['Q'], ['Q=true'], ['Q=false'], ['apn=ctnb'], ['apn=net']].map(
      (query) => sleeps(...query),
    ),
    [false, true, true, true, true, true, false, true, false],
  );
});

test('secrets are neither kept nor published', (t) => {
  const parsed = parseRegister(
    ['ep=a', 'lt=60', 'lwm2m=1.1', 'b=U', 'sms=123', 'imei=77', 'password=hush', 'token=t'],
    Buffer.from('</3/0>'),
    rules,
  );
  t.is(parsed.kind, 'accepted');
  if (parsed.kind === 'refused') return;
  t.deepEqual(parsed.registration.parameters, { lwm2m: '1.1', b: 'U', sms: '123', imei: '77' });
  t.deepEqual(parsed.credentials, { username: '77', password: 'hush' });
});

test('links: versions, formats, another root, blanks and quoted commas', (t) => {
  const objectsOf = (links: string) => {
    const registration = register(['ep=a'], links);
    if (typeof registration !== 'object') return undefined;
    const { links: sent, ...objects } = registration.objects;
    t.is(sent, links);
    return objects;
  };
  t.deepEqual(objectsOf('</>;rt="oma.lwm2m";ct=11543, </1/0>,</3>;ver=1.1, </3/0> ,</5>;ver="2.0"'), {
    alternatePath: [],
    paths: ['/1/0', '/3', '/3/0', '/5'],
    versions: new Map([
      [3, '1.1'],
      [5, '2.0'],
    ]),
    contentFormats: [11543],
  });
  t.deepEqual(objectsOf('</lwm2m>;rt="x oma.lwm2m";ct="60 110 112",</lwm2m/1/0>;title="a,b;c",</lwm2m/3/0>'), {
    alternatePath: ['lwm2m'],
    paths: ['/1/0', '/3/0'],
    versions: new Map(),
    contentFormats: [60, 110, 112],
  });
  t.deepEqual(objectsOf('</>;ct=110,</1/0>,</sensors/temp>,</70000/0>')?.paths, ['/1/0']);
  t.deepEqual(objectsOf('</>;ct=110,</1/0>')?.contentFormats, [110]);
});

test('equal lists are kept once', (t) => {
  const [a, b] = [register(['ep=a'], '</1/0>,</3/0>'), register(['ep=b'], '</1/0>,</3/0>')];
  t.true(typeof a === 'object' && typeof b === 'object' && a.objects === b.objects);
});

test('an update changes what it names', (t) => {
  const before = register(['ep=a', 'lt=60', 'lwm2m=1.1', 'b=UQ', 'sms=1'], '</1/0>');
  if (typeof before !== 'object') return t.fail();
  const change = (query: string[], links = '') => {
    const parsed = parseUpdate(query, Buffer.from(links), rules);
    return parsed.kind === 'refused' ? parsed.code : updated(before, parsed.update);
  };
  t.deepEqual(change([]), before);
  t.deepEqual(change(['lt=90', 'lwm2m=1.2', 'ep=b']), { ...before, lifetimeSeconds: 90 });
  t.deepEqual(change(['b=U', 'sms=2', 'password=x']), {
    ...before,
    queueMode: false,
    parameters: { lwm2m: '1.1', b: 'U', sms: '2' },
  });
  const moved = change([], '</5/0>');
  t.deepEqual(typeof moved === 'object' && moved.objects.paths, ['/5/0']);
  t.is(change(['lt=5']), '4.00');
  t.is(change(['foo']), '4.00');
  t.is(change([], 'nonsense'), '4.00');
});
