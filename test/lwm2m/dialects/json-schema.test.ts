import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { commandSchema } from '#src/lwm2m/dialects/json-schema.js';

test('the documented schema is the one that commands are checked with', (t) => {
  const file = join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'lwm2m-commands.schema.json');
  // Written anew by scripts/lwm2m-schema.mjs.
  t.deepEqual(JSON.parse(readFileSync(file, 'utf8')), JSON.parse(JSON.stringify(commandSchema())));
});
