import { DecodeError } from '../../core/errors.js';
import type { ObjectDefinition, Operations, ResourceDefinition, ResourceType } from '../values.js';
import { formatVersion, parseVersion } from './object-version.js';
import { internStrings } from './string-pool.js';
import { parseXml, type XmlElement } from './xml-document.js';

/** The longest text looked at, in characters; the largest official file has a quarter of it. */
export const maxDefinitionLength = 1024 * 1024;

const typeNames: Record<string, ResourceType> = {
  string: 'String',
  integer: 'Integer',
  int: 'Integer',
  unsignedinteger: 'Unsigned Integer',
  unsigned: 'Unsigned Integer',
  uint: 'Unsigned Integer',
  float: 'Float',
  double: 'Float',
  boolean: 'Boolean',
  bool: 'Boolean',
  opaque: 'Opaque',
  time: 'Time',
  objlnk: 'Objlnk',
  objectlink: 'Objlnk',
  corelnk: 'Corelnk',
  corelink: 'Corelnk',
  none: 'None',
  execute: 'None',
  '': 'None',
};

const operationsByLetters: Record<string, Operations> = { '': '', R: 'R', W: 'W', RW: 'RW', E: 'E' };

/**
 * Reads the objects of one file in the schema of OMA (`LWM2M.xsd` or `LWM2M-v1_1.xsd`). What old files leave out has its
 * default: version 1.0, single, optional. The registry's index, its list of units and its reusable resources hold no
 * objects and give an empty list. Anything else is a DecodeError that says what is wrong and where.
 */
export function parseDefinition(text: string, intern = internStrings()): ObjectDefinition[] {
  if (text.length > maxDefinitionLength) throw new DecodeError(`longer than ${maxDefinitionLength} characters`);
  const root = parseXml(text);
  switch (root.name) {
    case 'lwm2m':
      return objectsOf(root, intern);
    case 'ddflist':
    case 'units':
      return [];
    default:
      throw new DecodeError(`the root element is <${root.name.slice(0, 40)}>, not <LWM2M>`);
  }
}

function objectsOf(root: XmlElement, intern: (text: string) => string): ObjectDefinition[] {
  const objects = root.children('Object');
  if (objects.length === 0) throw new DecodeError('no <Object> in it');
  return objects
    .filter((object) => object.attribute('ObjectType')?.toLowerCase() !== 'commonresources')
    .map((object) => objectOf(object, intern));
}

function objectOf(element: XmlElement, intern: (text: string) => string): ObjectDefinition {
  const idText = element.childText('ObjectID');
  if (idText === '') throw new DecodeError('an <Object> without <ObjectID>');
  const id = idOf(idText, 'ObjectID');
  const where = `object ${id}`;
  const versionText = element.childText('ObjectVersion');
  const version = parseVersion(versionText === '' ? '1.0' : versionText);
  if (version === undefined) throw new DecodeError(`${where}: ${quoted(versionText)} is not an ObjectVersion`);
  const resources = new Map<number, ResourceDefinition>();
  for (const item of element.children('Resources').flatMap((list) => list.children('Item'))) {
    const resource = resourceOf(item, where, intern);
    if (resources.has(resource.id)) throw new DecodeError(`${where}: resource ${resource.id} is there twice`);
    resources.set(resource.id, resource);
  }
  return {
    id,
    version: intern(formatVersion(version)),
    name: intern(nameOf(element)),
    urn: intern(element.childText('ObjectURN')),
    multiple: says(element.childText('MultipleInstances'), 'multiple'),
    mandatory: says(element.childText('Mandatory'), 'mandatory'),
    description: intern(element.childText('Description1')),
    resources,
  };
}

function resourceOf(item: XmlElement, object: string, intern: (text: string) => string): ResourceDefinition {
  const idText = item.attribute('ID');
  if (idText === undefined) throw new DecodeError(`${object}: an <Item> without ID`);
  const id = idOf(idText, `${object}: resource ID`);
  const where = `${object}, resource ${id}`;
  const operations = operationsOf(item.childText('Operations'), where);
  const type = typeOf(item.childText('Type'), where);
  return {
    id,
    name: intern(nameOf(item)),
    operations,
    multiple: says(item.childText('MultipleInstances'), 'multiple'),
    mandatory: says(item.childText('Mandatory'), 'mandatory'),
    // A few files give an executable resource the type of its argument.
    type: operations === 'E' ? 'None' : type,
    range: intern(item.childText('RangeEnumeration')),
    units: intern(item.childText('Units')),
    description: intern(item.childText('Description')),
  };
}

function idOf(text: string, what: string): number {
  // 65535 is reserved.
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65534) {
    throw new DecodeError(`${what} ${quoted(text)} is not a number from 0 to 65534`);
  }
  return Number(text);
}

function nameOf(element: XmlElement): string {
  return element.childText('Name').replace(/\s+/g, ' ');
}

function operationsOf(text: string, where: string): Operations {
  const letters = text.toUpperCase().replace(/[\s,/|]/g, '');
  const operations = operationsByLetters[letters === 'WR' ? 'RW' : letters];
  if (operations === undefined) throw new DecodeError(`${where}: unknown operations ${quoted(text)}`);
  return operations;
}

function typeOf(text: string, where: string): ResourceType {
  const name = text.toLowerCase().replace(/[\s_-]/g, '');
  const type = Object.hasOwn(typeNames, name) ? typeNames[name] : undefined;
  if (type === undefined) throw new DecodeError(`${where}: unknown type ${quoted(text)}`);
  return type;
}

/** Whether a two-valued element has the value that is not its default; hand-written files also say yes or true. */
function says(text: string, word: string): boolean {
  return [word, 'yes', 'true', '1'].includes(text.toLowerCase());
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
