import { z } from 'zod';

const scalar = z.union([z.string(), z.number(), z.bigint(), z.boolean()]);
const text = z.union([z.string(), z.number(), z.bigint()]).transform(String);

const resourceType = z.enum([
  'String',
  'Integer',
  'Unsigned Integer',
  'Float',
  'Boolean',
  'Opaque',
  'Time',
  'Objlnk',
  'Corelnk',
]);

/** One record of a CmdID value: exactly one of v, bv, sv, ov, and t for a time. */
const record = z.union([
  z.looseObject({ n: z.string().optional(), v: z.union([z.number(), z.bigint(), z.string()]) }),
  z.looseObject({ n: z.string().optional(), bv: z.union([z.boolean(), z.string()]) }),
  z.looseObject({ n: z.string().optional(), sv: z.string() }),
  z.looseObject({ n: z.string().optional(), ov: z.string() }),
  z.looseObject({ n: z.string().optional(), t: z.union([z.number(), z.bigint(), z.string()]) }),
]);

const records = z.looseObject({ bn: z.string(), e: z.array(record).min(1) });

/** Commands of the CmdID dialect by their `Command`. */
export const cmdIdCommands = {
  Read: z.looseObject({ BaseName: z.string() }),
  Discover: z.looseObject({ BaseName: z.string() }),
  Observe: z.looseObject({ BaseName: z.string() }),
  'Cancel-Observe': z.looseObject({ BaseName: z.string() }),
  Delete: z.looseObject({ BaseName: z.string() }),
  Execute: z.looseObject({ BaseName: z.string(), Arguments: text.nullish() }),
  'Write-Attributes': z.looseObject({ BaseName: z.string(), Value: z.string() }),
  Write: z.looseObject({ Value: records }),
  Create: z.looseObject({ Value: records }),
};

/** Names of the CmdID dialect's commands. */
export type CmdIdName = keyof typeof cmdIdCommands;

/** One value of a write, its path absolute or below `basePath`. */
const item = z.looseObject({ path: text, type: resourceType.optional(), value: scalar });
const path = z.looseObject({ path: z.string() });
const paths = z.looseObject({ paths: z.array(z.string()).min(1) });
const mode = z.enum(['replace', 'update']).optional();

/** The `data` of msgType commands by their `msgType`. */
export const msgTypeData = {
  read: path,
  discover: path.extend({ depth: z.number().int().min(0).max(3).optional() }),
  observe: path,
  'cancel-observe': path,
  delete: path,
  execute: path.extend({ args: text.nullish() }),
  'write-attr': path.catchall(z.union([scalar, z.null()])),
  create: z.looseObject({ basePath: z.string(), content: z.array(item) }),
  'read-composite': paths,
  'observe-composite': paths,
  'cancel-observe-composite': paths,
  'write-composite': z.looseObject({ basePath: z.string(), content: z.array(item).min(1) }),
};

/** Names of the msgType dialect's commands. */
export type MsgTypeName = keyof typeof msgTypeData | 'write';

/** A write comes with one path, or with a base and several below it. */
export const msgTypeWrite = {
  one: item.extend({ path: z.string(), mode }),
  many: z.looseObject({ basePath: z.string(), content: z.array(item).min(1), mode }),
};

/** What is wrong with a command, for people: the key and the reason. */
export function explain(error: z.ZodError): string {
  const [issue] = error.issues;
  return issue === undefined ? 'not understood' : `${issue.path.join('.')}: ${issue.message}`;
}
