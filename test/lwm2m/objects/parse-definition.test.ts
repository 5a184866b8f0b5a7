import test from 'ava';
import fc from 'fast-check';
import { attempt, DecodeError } from '#src/core/errors.js';
import { maxDefinitionLength, parseDefinition } from '#src/lwm2m/objects/parse-definition.js';
import type { ResourceDefinition } from '#src/lwm2m/values.js';
import { itemXml, objectXml } from './definition-files.js';

function resourceFrom(item: string): ResourceDefinition | undefined {
  return parseDefinition(objectXml({ item }))[0]?.resources.get(0);
}

function reason(text: string): string | undefined {
  const result = attempt(() => parseDefinition(text));
  return result instanceof DecodeError ? result.message : undefined;
}

test('reads a whole object', (t) => {
  const text = `\uFEFF<?xml version="1.0" encoding="utf-8"?>
<!-- a comment with <!DOCTYPE in it -->
<LWM2M xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="LWM2M-v1_1.xsd">
  <Object ObjectType="MODefinition">
    <Name>A
      sensor </Name>
    <Description1><![CDATA[Says 1 < 2.]]></Description1>
    <ObjectID> 3303 </ObjectID>
    <ObjectURN>urn:oma:lwm2m:ext:3303:1.1</ObjectURN>
    <LWM2MVersion>1.0</LWM2MVersion>
    <ObjectVersion>1.1</ObjectVersion>
    <MultipleInstances>Multiple</MultipleInstances>
    <Mandatory>Optional</Mandatory>
    <Resources>
      <Item ID="5700">
        <Name>Value</Name><Operations>RW</Operations><MultipleInstances>Multiple</MultipleInstances>
        <Mandatory>Mandatory</Mandatory><Type>Float</Type><RangeEnumeration>0..1</RangeEnumeration>
        <Units>Cel</Units><Description>Measured &amp; kept.</Description>
      </Item>
    </Resources>
    <Description2></Description2>
  </Object>
</LWM2M>`;
  t.deepEqual(parseDefinition(text), [
    {
      id: 3303,
      version: '1.1',
      name: 'A sensor',
      urn: 'urn:oma:lwm2m:ext:3303:1.1',
      multiple: true,
      mandatory: false,
      description: 'Says 1 < 2.',
      resources: new Map([
        [
          5700,
          {
            id: 5700,
            name: 'Value',
            operations: 'RW',
            multiple: true,
            mandatory: true,
            type: 'Float',
            range: '0..1',
            units: 'Cel',
            description: 'Measured & kept.',
          },
        ],
      ]),
    },
  ]);
});

test('what a file leaves out has its default', (t) => {
  t.deepEqual(parseDefinition('<LWM2M><Object><ObjectID>9</ObjectID></Object></LWM2M>'), [
    {
      id: 9,
      version: '1.0',
      name: '',
      urn: '',
      multiple: false,
      mandatory: false,
      description: '',
      resources: new Map(),
    },
  ]);
  t.is(parseDefinition(objectXml({ version: '' }))[0]?.version, '1.0');
  t.is(parseDefinition(objectXml({ version: ' 2 ' }))[0]?.version, '2.0');
  t.like(resourceFrom('<Item ID="0"/>'), { operations: '', type: 'None', multiple: false, mandatory: false });
});

test('several objects in one file', (t) => {
  const object = (id: number): string => `<Object><ObjectID>${id}</ObjectID></Object>`;
  t.deepEqual(
    parseDefinition(`<LWM2M>${object(1)}${object(2)}</LWM2M>`).map(({ id }) => id),
    [1, 2],
  );
});

test('element names, operations and types are read in any spelling seen', (t) => {
  t.is(parseDefinition('<lwm2m><object><objectid>9</objectid></object></lwm2m>')[0]?.id, 9);
  for (const [written, operations] of [
    ['R', 'R'],
    [' rw ', 'RW'],
    ['WR', 'RW'],
    ['R, W', 'RW'],
    ['e', 'E'],
    ['', ''],
  ] as const) {
    t.is(resourceFrom(itemXml({ operations: written }))?.operations, operations, JSON.stringify(written));
  }
  for (const [written, type] of [
    ['string', 'String'],
    ['Unsigned Integer', 'Unsigned Integer'],
    ['UnsignedInteger', 'Unsigned Integer'],
    ['unsigned  integer ', 'Unsigned Integer'],
    ['ObjLnk', 'Objlnk'],
    ['CoreLnk', 'Corelnk'],
    ['BOOLEAN', 'Boolean'],
    ['None', 'None'],
    ['', 'None'],
  ] as const) {
    t.is(resourceFrom(itemXml({ type: written }))?.type, type, JSON.stringify(written));
  }
});

test('an executable resource has no type, whatever its file says', (t) => {
  t.is(resourceFrom(itemXml({ operations: 'E', type: 'String' }))?.type, 'None');
});

test('the companions of the published files hold no objects', (t) => {
  t.deepEqual(parseDefinition('<DDFList><Item><ObjectID>0</ObjectID></Item></DDFList>'), []);
  t.deepEqual(parseDefinition('<units><title>x</title></units>'), []);
  t.deepEqual(parseDefinition('<LWM2M><Object ObjectType="CommonResources"><Resources/></Object></LWM2M>'), []);
});

const refused: readonly (readonly [string, RegExp])[] = [
  ['', /^no XML in it$/],
  ['   \n', /^no XML in it$/],
  ['not XML', /^not well-formed XML: .*\(line 1\)$/],
  ['<LWM2M>\n<Object>', /^not well-formed XML: Unclosed root tag \(line 2\)$/],
  ['<LWM2M><Object ObjectType=“MODefinition”/></LWM2M>', /^not well-formed XML: .*Unquoted/],
  ['<html/>', /^the root element is <html>, not <LWM2M>$/],
  ['<LWM2M/>', /^no <Object> in it$/],
  ['<LWM2M>text</LWM2M>', /^no <Object> in it$/],
  ['<LWM2M><Object><Name>x</Name></Object></LWM2M>', /^an <Object> without <ObjectID>$/],
  ['<LWM2M><Object/></LWM2M>', /^an <Object> without <ObjectID>$/],
  ['<LWM2M><Object><ObjectID>x</ObjectID></Object></LWM2M>', /^ObjectID "x" is not a number from 0 to 65534$/],
  ['<LWM2M><Object><ObjectID>65535</ObjectID></Object></LWM2M>', /^ObjectID "65535" is not a number/],
  [objectXml({ version: 'new' }), /^object 3: "new" is not an ObjectVersion$/],
  [objectXml({ item: '<Item/>' }), /^object 3: an <Item> without ID$/],
  [objectXml({ item: itemXml({ id: '-1' }) }), /^object 3: resource ID "-1" is not a number from 0 to 65534$/],
  [objectXml({ item: itemXml() + itemXml() }), /^object 3: resource 0 is there twice$/],
  [objectXml({ item: itemXml({ type: 'Colour' }) }), /^object 3, resource 0: unknown type "Colour"$/],
  [objectXml({ item: itemXml({ type: 'constructor' }) }), /^object 3, resource 0: unknown type "constructor"$/],
  [objectXml({ item: itemXml({ type: 'x'.repeat(999) }) }), /^object 3, resource 0: unknown type "x{40}…"$/],
  [objectXml({ item: itemXml({ operations: 'RWE' }) }), /^object 3, resource 0: unknown operations "RWE"$/],
  [' '.repeat(maxDefinitionLength + 1), /^longer than 1048576 characters$/],
];

test('what cannot be used is refused with a plain reason', (t) => {
  for (const [text, expected] of refused) t.regex(reason(text) ?? 'accepted', expected);
});

test('entities of the document are not expanded', (t) => {
  const entities = [
    '<!ENTITY a "xxxxxxxxxx">',
    '<!ENTITY b "&a;&a;&a;&a;">',
    '<!ENTITY f SYSTEM "file:///etc/hostname">',
  ];
  for (const name of ['b', 'f']) {
    const text = `<!DOCTYPE LWM2M [${entities.join('')}]>${objectXml({ name: `&${name};` }).replace(/^<\?.*\?>/, '')}`;
    t.regex(reason(text) ?? 'accepted', /^not well-formed XML: Invalid character entity/);
  }
});

test('a document of many levels is read like any other', (t) => {
  const depth = 20_000;
  t.is(reason(`${'<LWM2M>'.repeat(depth)}${'</LWM2M>'.repeat(depth)}`), 'no <Object> in it');
});

const names = ['LWM2M', 'Object', 'ObjectID', 'Resources', 'Item', 'Type', 'Operations', 'Name', 'ObjectVersion'];
const trickyNames = ['constructor', '__proto__', 'hasOwnProperty', 'toString', '_', 'cdata', 'a:b', 'length'];
const { tree } = fc.letrec<{ tree: string }>((tie) => ({
  tree: fc
    .tuple(
      fc.constantFrom(...names, ...trickyNames),
      fc.constantFrom('', ' ID="1"', ' __proto__="1"', ' constructor="x"', ' id="70000"', ' xmlns="x"'),
      fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom('', '3', 'R', '1.0', '&lt;', '&x;', '<![CDATA[3]]>', '<!-- -->', ']]>'),
        fc.array(tie('tree'), { maxLength: 4 }).map((children) => children.join('')),
      ),
    )
    .map(([name, attributes, inside]) => `<${name}${attributes}>${inside}</${name}>`),
}));
const whole = objectXml({ item: itemXml() + itemXml({ id: '1', operations: 'E', type: '' }) });
const damaged = fc
  .tuple(
    fc.nat(whole.length),
    fc.nat(40),
    fc.oneof(fc.string(), tree, fc.constantFrom('<', '>', '&', '"', '=', '/', '\0')),
  )
  .map(([at, length, instead]) => whole.slice(0, at) + instead + whole.slice(at + length));

test('no text makes the parser throw anything but its own error', (t) => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        tree,
        tree.map((inside) => `<LWM2M>${inside}</LWM2M>`),
        damaged,
      ),
      (text) => {
        const result = attempt(() => parseDefinition(text));
        return result instanceof DecodeError ? result.message.length > 0 : Array.isArray(result);
      },
    ),
    { numRuns: 1000 },
  );
  t.pass();
});
