import { DecodeError, IsthmusError } from '../../core/errors.js';
import { formatName } from './content-format.js';

/** The payload is in a format that has no decoder here; its content was not looked at. */
export class UnknownFormat extends DecodeError {
  readonly contentFormat: number;

  constructor(contentFormat: number) {
    super(`content format ${formatName(contentFormat)} is not known`);
    this.contentFormat = contentFormat;
  }
}

/** `ENCODE`: these values cannot be written in this format. `UNKNOWN_FORMAT`: there is no encoder for the format. */
export class EncodeError extends IsthmusError {
  declare readonly code: 'ENCODE' | 'UNKNOWN_FORMAT';

  constructor(message: string, code: 'ENCODE' | 'UNKNOWN_FORMAT' = 'ENCODE') {
    super(code, message);
  }
}
