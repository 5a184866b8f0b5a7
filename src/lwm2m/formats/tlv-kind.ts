/** What a TLV stands for: the two highest bits of its type byte. */
export const TlvKind = {
  OBJECT_INSTANCE: 0,
  RESOURCE_INSTANCE: 1,
  MULTIPLE_RESOURCE: 2,
  RESOURCE: 3,
} as const;

/** One of the four kinds. */
export type TlvKind = (typeof TlvKind)[keyof typeof TlvKind];
