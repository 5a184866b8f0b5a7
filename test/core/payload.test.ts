import test from 'ava';
import { ownBytes, packed, unpacked } from '#src/core/payload.js';

test('every byte comes back from a packed payload', (t) => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  t.is(packed(bytes).length, 256);
  t.deepEqual(unpacked(packed(bytes)), bytes);
  t.is(unpacked(bytes), bytes);
});

test('a small part of a large buffer is copied, and nothing else is', (t) => {
  const large = Buffer.alloc(64 * 1024, 7);
  const part = large.subarray(100, 132);
  t.deepEqual(ownBytes(part), part);
  t.true(ownBytes(part).buffer.byteLength <= Buffer.poolSize);
  t.is(ownBytes(large), large);
  const small = Buffer.from('pooled');
  t.is(ownBytes(small), small);
});
