import type { ObjectDefinition, ObjectLookup, ResourceDefinition, ResourceType } from '#src/lwm2m/values.js';

/** id, type, and whether the resource has instances. */
type Resource = readonly [id: number, type: ResourceType, multiple?: boolean];

/** An object definition with only what codecs look at; everything may be read and written. */
export function defineObject(id: number, multiple: boolean, resources: readonly Resource[]): ObjectDefinition {
  return {
    id,
    version: '1.0',
    name: `Object ${id}`,
    urn: `urn:oma:lwm2m:x:${id}`,
    multiple,
    mandatory: false,
    description: '',
    resources: new Map(resources.map((resource) => [resource[0], defineResource(resource)])),
  };
}

/** A lookup over a few definitions. */
export function lookup(...definitions: readonly ObjectDefinition[]): ObjectLookup {
  const byId = new Map(definitions.map((definition) => [definition.id, definition]));
  return { object: (id) => byId.get(id) };
}

/** A lookup that knows nothing. */
export const noObjects: ObjectLookup = lookup();

function defineResource([id, type, multiple = false]: Resource): ResourceDefinition {
  return {
    id,
    name: `Resource ${id}`,
    operations: type === 'None' ? 'E' : 'RW',
    multiple,
    mandatory: false,
    type,
    range: '',
    units: '',
    description: '',
  };
}

/** The types that hold values, in the order of their resource ids in object 32100. */
export const valueTypes = [
  'String',
  'Integer',
  'Unsigned Integer',
  'Float',
  'Boolean',
  'Opaque',
  'Time',
  'Objlnk',
  'Corelnk',
] as const satisfies readonly ResourceType[];

/**
 * The objects of the published vectors as far as those use them, and 32100, which has several instances and every type:
 * resources 0 to 8 single, 300 to 308 multiple, 20 executable.
 */
export const testObjects: ObjectLookup = lookup(
  defineObject(0, true, [
    [0, 'String'],
    [1, 'Boolean'],
    [2, 'Integer'],
    [3, 'Opaque'],
  ]),
  defineObject(1, true, [
    [0, 'Integer'],
    [1, 'Integer'],
    [2, 'Integer'],
    [3, 'Integer'],
    [5, 'Integer'],
    [6, 'Boolean'],
    [7, 'String'],
    [8, 'None'],
  ]),
  defineObject(2, true, [
    [0, 'Integer'],
    [1, 'Integer'],
    [2, 'Integer', true],
    [3, 'Integer'],
  ]),
  defineObject(3, false, [
    [0, 'String'],
    [1, 'String'],
    [2, 'String'],
    [3, 'String'],
    [4, 'None'],
    [6, 'Integer', true],
    [7, 'Integer', true],
    [8, 'Integer', true],
    [9, 'Integer'],
    [10, 'Integer'],
    [11, 'Integer', true],
    [13, 'Time'],
    [14, 'String'],
    [16, 'String'],
  ]),
  defineObject(6, false, [[0, 'Float']]),
  defineObject(65, true, [
    [0, 'Objlnk', true],
    [1, 'String'],
    [2, 'Integer'],
  ]),
  defineObject(3303, true, [[5700, 'Float']]),
  defineObject(3442, true, [[130, 'Float']]),
  defineObject(32100, true, [
    ...valueTypes.map((type, id): Resource => [id, type]),
    ...valueTypes.map((type, id): Resource => [300 + id, type, true]),
    [20, 'None'],
  ]),
);
