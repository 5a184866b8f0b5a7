import test from 'ava';
import fc from 'fast-check';
import { Writer } from '#src/core/bytes.js';

const writes: Record<string, (writer: Writer) => void> = {
  u8: (writer) => writer.u8(0x01),
  u16: (writer) => writer.u16(0x0102),
  u24: (writer) => writer.u24(0x010203),
  u32: (writer) => writer.u32(0x01020304),
  u48: (writer) => writer.u48(0x010203040506),
  u64: (writer) => writer.u64(0x0102030405060708n),
  bytes: (writer) => writer.bytes(Buffer.from('0102030405', 'hex')),
  text: (writer) => writer.text('ä€'),
};

test('what is written does not depend on when the buffer had to grow', (t) => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...Object.values(writes)), { maxLength: 40 }), (steps) => {
      const roomy = new Writer(1000);
      const tight = new Writer(1);
      for (const step of steps) {
        step(roomy);
        step(tight);
      }
      t.deepEqual(tight.finish(), roomy.finish());
    }),
  );
});
