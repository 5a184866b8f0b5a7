// The few CoAP messages the generator needs, written apart from src/ for the same reason as mqttsn.ts.

export const coapType = { con: 0x40, non: 0x50, ack: 0x60, rst: 0x70 } as const;
export const coapCode = {
  get: 0x01,
  post: 0x02,
  delete: 0x04,
  created: 0x41,
  deleted: 0x42,
  changed: 0x44,
  content: 0x45,
  notFound: 0x84,
} as const;
export const optionNumber = { observe: 6, locationPath: 8, uriPath: 11, contentFormat: 12, uriQuery: 15 } as const;

/** Options in the order of their numbers. Values here are shorter than 269 bytes. */
export function encodeOptions(list: readonly (readonly [number, Buffer])[]): Buffer {
  const parts: Buffer[] = [];
  let before = 0;
  for (const [number, value] of list) {
    const delta = number - before;
    before = number;
    const small = (amount: number): number => (amount < 13 ? amount : 13);
    parts.push(
      Buffer.from([
        (small(delta) << 4) | small(value.length),
        ...(delta < 13 ? [] : [delta - 13]),
        ...(value.length < 13 ? [] : [value.length - 13]),
      ]),
      value,
    );
  }
  return Buffer.concat(parts);
}

/** A request, without its message id (bytes 2 and 3) and with a token of four bytes from offset 4. */
export function template(code: number, options: Buffer, payload?: Buffer): Buffer {
  const head = Buffer.from([coapType.con | 4, code, 0, 0, 0, 0, 0, 0]);
  return payload ? Buffer.concat([head, options, Buffer.from([0xff]), payload]) : Buffer.concat([head, options]);
}

/** A copy of the template with this message id and token. */
export function request(from: Buffer, messageId: number, token: number): Buffer {
  const bytes = Buffer.allocUnsafe(from.length);
  from.copy(bytes);
  bytes.writeUInt16BE(messageId, 2);
  bytes.writeUInt32BE(token, 4);
  return bytes;
}

/** The token of an answer to such a request; undefined when it is none. */
export const tokenOf = (datagram: Buffer): number | undefined =>
  datagram.length >= 8 && ((datagram[0] ?? 0) & 15) === 4 ? datagram.readUInt32BE(4) : undefined;

/**
 * A token for a registration. A server remembers message ids for minutes, ports are used again before that, and so it may
 * answer what an earlier device asked: the token tells.
 */
export const registrationToken = (): number => 0x10000 + Math.floor(Math.random() * 0x7fff0000);

/** A piggybacked answer to this request. `tail` is what follows the token: options, marker, payload. */
export function answer(to: Buffer, code: number, tail: Buffer): Buffer {
  const tokenLength = (to[0] ?? 0) & 15;
  const bytes = Buffer.allocUnsafe(4 + tokenLength + tail.length);
  bytes[0] = coapType.ack | tokenLength;
  bytes[1] = code;
  to.copy(bytes, 2, 2, 4 + tokenLength);
  tail.copy(bytes, 4 + tokenLength);
  return bytes;
}

/** The segments of Location-Path, each shorter than 13 bytes, of an answer that has no payload and no option before it. */
export function locationOf(created: Buffer): Buffer[] {
  const segments: Buffer[] = [];
  let at = 4 + ((created[0] ?? 0) & 15);
  for (let number = 0; at < created.length; ) {
    const header = created[at] ?? 0;
    number += header >> 4;
    const end = at + 1 + (header & 15);
    if (number === optionNumber.locationPath) segments.push(created.subarray(at + 1, end));
    at = end;
  }
  return segments;
}
