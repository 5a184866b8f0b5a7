import { z } from 'zod';
import { cmdIdCommands, msgTypeData, msgTypeWrite } from './schema.js';

/** The commands of both dialects as one JSON Schema, for the documentation. */
export function commandSchema(): object {
  const commands: [string, z.ZodType][] = [
    ...Object.entries(cmdIdCommands).map(([name, shape]): [string, z.ZodType] => [
      `CmdID ${name}`,
      shape.extend({ CmdID: z.union([z.number(), z.bigint(), z.string()]), Command: z.literal(name) }),
    ]),
    ...Object.entries({ ...msgTypeData, write: z.union([msgTypeWrite.one, msgTypeWrite.many]) }).map(
      ([name, data]): [string, z.ZodType] => [`msgType ${name}`, z.object({ msgType: z.literal(name), data })],
    ),
  ];
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'LwM2M commands on MQTT',
    anyOf: commands.map(([title, schema]) => ({ title, ...plain(schema) })),
  };
}

/** What an application writes, before texts are read; a bigint is an integer to JSON. */
function plain(schema: z.ZodType): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type === 'bigint') jsonSchema.type = 'integer';
    },
  });
  return rest;
}
