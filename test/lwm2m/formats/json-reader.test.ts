import test from 'ava';
import fc from 'fast-check';
import { JsonReader } from '#src/lwm2m/formats/json-reader.js';
import { fuzzRuns } from '../../support/fuzz.js';

/** Reads a whole item into plain values, as JSON.parse does. */
function readAll(text: string): unknown {
  const reader = new JsonReader(Buffer.from(text));
  const value = item(reader, text);
  reader.finish();
  return value;
}

function item(reader: JsonReader, text: string): unknown {
  const next = text.trimStart()[0];
  if (next !== '[' && next !== '{') return reader.scalar();
  // One level is enough: what lies deeper is read over.
  const values: unknown[] = [];
  if (next === '[') reader.array(() => values.push(peekOver(reader)));
  else reader.map((label) => values.push([label, peekOver(reader)]));
  return values;
}

function peekOver(reader: JsonReader): undefined {
  reader.skip();
  return undefined;
}

function accepted(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}

test('strings and numbers as JSON.parse reads them', (t) => {
  const scalars = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
  );
  fc.assert(
    fc.property(scalars, (value) => {
      const text = JSON.stringify(value);
      const read = readAll(` ${text}\n`);
      t.deepEqual(typeof read === 'bigint' ? Number(read) : read, Object.is(value, -0) ? 0 : value);
    }),
    { numRuns: 1000 },
  );
});

test('what JSON.parse takes is taken, and nothing else', (t) => {
  t.timeout(30 * 60_000);
  const unit = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    '"',
    '\\',
    ':',
    ',',
    ' ',
    'a',
    '0',
    '1',
    '-',
    '.',
    'e',
    'u',
    'true',
    'null',
    '\n',
  );
  const noise = fc.string({ unit, maxLength: 20 });
  const valid = fc.json({ maxDepth: 4 });
  const damaged = fc
    .tuple(valid, fc.nat(60), unit)
    .map(([text, at, put]) => text.slice(0, at) + put + text.slice(at + 1));
  // Beyond doubles JSON.parse says Infinity, which is no number to send on.
  const texts = fc.oneof(noise, valid, damaged).filter((text) => !/e\+?\d{3}/.test(text));
  fc.assert(
    fc.property(texts, (text) => {
      t.is(
        accepted(() => readAll(text)),
        accepted(() => JSON.parse(text)),
        text,
      );
    }),
    { numRuns: fuzzRuns },
  );
});
