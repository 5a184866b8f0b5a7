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
  z.object({ n: z.string().optional(), v: z.union([z.number(), z.bigint(), z.string()]) }),
  z.object({ n: z.string().optional(), bv: z.union([z.boolean(), z.string()]) }),
  z.object({ n: z.string().optional(), sv: z.string() }),
  z.object({ n: z.string().optional(), ov: z.string() }),
  z.object({ n: z.string().optional(), t: z.union([z.number(), z.bigint(), z.string()]) }),
]);

const records = z.object({ bn: z.string(), e: z.array(record).min(1) });

/** Commands of the CmdID dialect by their `Command`. */
export const cmdIdCommands = {
  Read: z.object({ BaseName: z.string() }),
  Discover: z.object({ BaseName: z.string() }),
  Observe: z.object({ BaseName: z.string() }),
  'Cancel-Observe': z.object({ BaseName: z.string() }),
  Delete: z.object({ BaseName: z.string() }),
  Execute: z.object({ BaseName: z.string(), Arguments: text.nullish() }),
  'Write-Attributes': z.object({ BaseName: z.string(), Value: z.string() }),
  Write: z.object({ Value: records }),
  Create: z.object({ Value: records }),
};

/** Names of the CmdID dialect's commands. */
export type CmdIdName = keyof typeof cmdIdCommands;

/** One value of a write, its path absolute or below `basePath`. */
const item = z.object({ path: text, type: resourceType.optional(), value: scalar });
/** The same, or a resource instance that is to go. */
const itemOrNull = item.extend({ value: z.union([scalar, z.null()]) });
const path = z.object({ path: z.string() });
const paths = z.object({ paths: z.array(z.string()).min(1) });
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
  create: z.object({ basePath: z.string(), content: z.array(item) }),
  'read-composite': paths,
  'observe-composite': paths,
  'cancel-observe-composite': paths,
  'write-composite': z.object({ basePath: z.string().default('/'), content: z.array(itemOrNull).min(1) }),
};

/** Names of the msgType dialect's commands. */
export type MsgTypeName = keyof typeof msgTypeData | 'write';

/** A write comes with one path, or with a base and several below it. */
export const msgTypeWrite = {
  one: item.extend({ path: z.string(), mode }),
  many: z.object({ basePath: z.string(), content: z.array(item).min(1), mode }),
};

/** What is wrong with a command, for people: the key and the reason. */
export function explain(error: z.ZodError): string {
  const [issue] = error.issues;
  return issue === undefined ? 'not understood' : `${issue.path.join('.')}: ${issue.message}`;
}
