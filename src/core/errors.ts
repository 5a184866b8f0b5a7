/**
 * The one error base. `code` is for programs and logs, the message for people; what a device is told (a return code,
 * a CoAP code, an alert) is a separate field of the error or effect that carries it.
 */
export class IsthmusError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Input from a network that does not follow its format; `offset` is where in the bytes it was noticed. */
export class DecodeError extends IsthmusError {
  readonly offset: number;

  constructor(message: string, offset = 0) {
    super('DECODE', message);
    this.offset = offset;
  }
}

/** Runs a decoder and hands its DecodeError back as a value, so that no caller needs a try. Other errors go through. */
export function attempt<T>(decode: () => T): T | DecodeError {
  try {
    return decode();
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
}

/** The end of an exhaustive switch: the compiler refuses a call that can be reached. */
export function assertNever(value: never): never {
  throw new IsthmusError('INTERNAL', `unexpected ${JSON.stringify(value)}`);
}
