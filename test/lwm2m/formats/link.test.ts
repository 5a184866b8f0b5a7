import test from 'ava';
import fc from 'fast-check';
import { DecodeError } from '#src/core/errors.js';
import { formatLinks, type Link, parseLinks, splitLinks } from '#src/lwm2m/formats/link.js';
import { fuzzRuns } from '../../support/fuzz.js';

const link = (target: string, attributes: Record<string, string | true> = {}): Link => ({
  target,
  attributes: new Map(Object.entries(attributes)),
});

test('a registration with alternate path, formats and versions', (t) => {
  t.deepEqual(parseLinks('</lwm2m>;rt="oma.lwm2m";ct="60 110 112 11542 11543",</lwm2m/1/0>,</lwm2m/3>;ver=1.1'), [
    link('/lwm2m', { rt: 'oma.lwm2m', ct: '60 110 112 11542 11543' }),
    link('/lwm2m/1/0'),
    link('/lwm2m/3', { ver: '1.1' }),
  ]);
});

test('a discovery with attributes', (t) => {
  t.deepEqual(parseLinks('</3/0/7>;dim=8;pmin=10;pmax=60;gt=50;lt=42.2,</3/0/8>;con'), [
    link('/3/0/7', { dim: '8', pmin: '10', pmax: '60', gt: '50', lt: '42.2' }),
    link('/3/0/8', { con: true }),
  ]);
});

test('separators within quotes and targets separate nothing', (t) => {
  const text = '</1,2;3>;title="a,b;c \\"d\\", <e>" ; if = "x" , </4>;rt=oma.lwm2m';
  t.deepEqual(splitLinks(text), ['</1,2;3>;title="a,b;c \\"d\\", <e>" ; if = "x"', '</4>;rt=oma.lwm2m']);
  t.deepEqual(parseLinks(text), [
    link('/1,2;3', { title: 'a,b;c "d", <e>', if: 'x' }),
    link('/4', { rt: 'oma.lwm2m' }),
  ]);
});

test('blanks, line ends and empty places do not matter', (t) => {
  t.deepEqual(splitLinks(' </1> ,\r\n</2>,, '), ['</1>', '</2>']);
  t.deepEqual(parseLinks(' </1> ; ; ver = 1.0,</2>,, '), [link('/1', { ver: '1.0' }), link('/2')]);
  t.deepEqual(parseLinks(''), []);
});

for (const text of ['1', '</1', '/1>', '</1>ver=1', '</1>;a="b', '</1>;a="b"c', '</1>;a="b\\"', '<a>,b']) {
  test(`refused: ${text}`, (t) => {
    t.true(parseLinks(text) instanceof DecodeError);
    t.true(splitLinks(text).length > 0);
  });
}

test('links come back as they were written', (t) => {
  const value = fc.oneof(
    fc.constant<true>(true),
    fc.string({ unit: fc.constantFrom('a', '1', '.', ',', ';', '"', '\\', '<', '>', ' ', '=') }),
  );
  const name = fc.string({ unit: fc.constantFrom('a', 'b', '-', '2'), minLength: 1, maxLength: 4 });
  const target = fc.string({ unit: fc.constantFrom('/', '1', ',', ';', '"', ' ') });
  const links = fc.array(
    fc.record({ target, attributes: fc.array(fc.tuple(name, value)).map((pairs) => new Map(pairs)) }),
  );
  fc.assert(
    fc.property(links, (list) => {
      const text = formatLinks(list);
      t.deepEqual(parseLinks(text), list);
      t.is(splitLinks(text).join(','), text);
    }),
    { numRuns: 500 },
  );
});

test('any text gives links or an error', (t) => {
  t.timeout(30 * 60_000);
  const noise = fc.string({ unit: fc.constantFrom('<', '>', '"', '\\', ',', ';', '=', ' ', 'a', '/') });
  fc.assert(
    fc.property(noise, (text) => {
      const links = parseLinks(text);
      return links instanceof DecodeError || links.length === splitLinks(text).length;
    }),
    { numRuns: fuzzRuns },
  );
  t.pass();
});
