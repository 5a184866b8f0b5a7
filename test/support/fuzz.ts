import fc from 'fast-check';

/** How many inputs a fuzz test tries: few in `npm test`, `ISTHMUS_FUZZ=1000000` for a long run. */
export const fuzzRuns = Number(process.env.ISTHMUS_FUZZ ?? 3000);

type Mutation = readonly [op: number, at: number, byte: number, length: number];

const mutation: fc.Arbitrary<Mutation> = fc.tuple(
  fc.nat(5),
  fc.nat(0xffff),
  fc.oneof(fc.constantFrom(0x00, 0x1b, 0x22, 0x5b, 0x5f, 0x7f, 0x80, 0x9f, 0xbf, 0xff), fc.nat(255)),
  fc.nat(8),
);

/** A payload that may go wrong, with its seed: noise, or the seed's with a few bytes changed, cut out, doubled or put in. */
export function hostile<T extends { readonly payload: Buffer }>(
  seeds: readonly T[],
): fc.Arbitrary<{ seed: T; payload: Buffer }> {
  const noise = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes));
  const damage = fc.array(mutation, { minLength: 1, maxLength: 6 });
  const change = fc.oneof({ weight: 1, arbitrary: noise }, { weight: 4, arbitrary: damage });
  return fc.tuple(fc.constantFrom(...seeds), change).map(([seed, change]) => ({
    seed,
    payload: Buffer.isBuffer(change) ? change : change.reduce(mutate, seed.payload),
  }));
}

function mutate(input: Buffer, [op, position, byte, length]: Mutation): Buffer {
  const at = position % (input.length + 1);
  const before = input.subarray(0, at);
  const after = input.subarray(at);
  switch (op) {
    case 0:
      return before;
    case 1:
      return Buffer.concat([before, Buffer.of(byte), after.subarray(1)]);
    case 2:
      return Buffer.concat([before, Buffer.alloc(length, byte), after]);
    case 3:
      return Buffer.concat([before, after.subarray(length)]);
    case 4:
      return Buffer.concat([before, input.subarray(at, at + length), after]);
    default:
      return Buffer.concat([before, Buffer.of((input[at] ?? 0) ^ (1 << (byte & 7))), after.subarray(1)]);
  }
}
