/** The key of record `n`, in the order of their numbers. */
export const keyOf = (n: number): string => `${n}`.padStart(12, '0');

/** A value that can be told from every other record's. */
export const bodyOf = (n: number): Buffer => Buffer.from(`record ${n} ${'x'.repeat(n % 300)}`);
