/** A value without structure, as JSON and CBOR both have them. Integers are exact; a Buffer comes from CBOR only. */
export type Scalar = string | number | bigint | boolean | null | Buffer;

/**
 * Reads structured bytes from front to end, building nothing: what an attacker sends costs only what the caller keeps.
 * Every method throws a DecodeError when the next item is another one.
 */
export interface PackReader {
  /** Calls `each` with the reader before every element of the array that is next; `each` must read one item. */
  array(each: () => void): void;
  /** Calls `each` with every label of the map that is next; `each` must read one item, the value. */
  map(each: (label: string | number) => void): void;
  /** Reads a value without structure. */
  scalar(): Scalar;
  /** Reads over any item; nesting beyond 32 levels is an error. */
  skip(): void;
  /** Checks that nothing is left. */
  finish(): void;
}

/** How deep `skip` follows. */
export const MAX_DEPTH = 32;
