// Writes docs/lwm2m-commands.schema.json from the schemas that commands are checked with. Needs a built tree.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandSchema } from '../dist/lwm2m/dialects/json-schema.js';

const file = join(import.meta.dirname, '..', 'docs', 'lwm2m-commands.schema.json');
writeFileSync(file, `${JSON.stringify(commandSchema(), undefined, 2)}\n`);
