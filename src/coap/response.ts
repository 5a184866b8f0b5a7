import type { ResponseMessage } from './message.js';
import type { CoapResponse } from './types.js';

/** A response message as its receiver sees it. */
export function toResponse(message: ResponseMessage): CoapResponse {
  const { location, contentFormat, observe, maxAge, etag } = message.options;
  return {
    code: message.code,
    location: location.length > 0 ? location : undefined,
    contentFormat,
    observe,
    maxAge,
    etag,
    payload: message.payload,
  };
}
