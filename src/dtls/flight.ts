import { encodeFragment, handshakeHeaderLength } from './handshake-message.js';
import { contentTypes } from './record.js';

/** One thing to send in a flight. Messages are whole, header included; each goes into records of its own. */
export type FlightItem =
  | { readonly kind: 'message'; readonly message: Buffer; readonly sealed: boolean }
  | { readonly kind: 'changeCipherSpec' };

/** Makes records, each with the next sequence number of its epoch. */
export interface RecordWriter {
  plain(type: number, content: Uint8Array): Buffer;
  sealed(type: number, content: Uint8Array): Buffer;
  /** Bytes a record is longer than its content. */
  overhead(sealed: boolean): number;
}

/** Sizes to keep to. */
export interface FlightLimits {
  /** The longest datagram, bytes of UDP payload. */
  readonly mtu: number;
  /** The longest content of a record. */
  readonly maxPlaintext: number;
}

const changeCipherSpec = Buffer.from([1]);

/** A flight as datagrams: messages cut to fit, several records together while there is room. */
export function packFlight(items: readonly FlightItem[], writer: RecordWriter, limits: FlightLimits): Buffer[] {
  const datagrams: Buffer[] = [];
  let records: Buffer[] = [];
  let size = 0;
  const put = (record: Buffer): void => {
    if (size > 0 && size + record.length > limits.mtu) {
      datagrams.push(Buffer.concat(records));
      records = [];
      size = 0;
    }
    records.push(record);
    size += record.length;
  };
  for (const item of items) {
    if (item.kind === 'changeCipherSpec') put(writer.plain(contentTypes.changeCipherSpec, changeCipherSpec));
    else
      for (const piece of cut(item.message, limits, writer.overhead(item.sealed)))
        put(write(writer, item.sealed, piece));
  }
  if (size > 0) datagrams.push(Buffer.concat(records));
  return datagrams;
}

function write(writer: RecordWriter, sealed: boolean, piece: Buffer): Buffer {
  return sealed ? writer.sealed(contentTypes.handshake, piece) : writer.plain(contentTypes.handshake, piece);
}

function cut(message: Buffer, limits: FlightLimits, overhead: number): Buffer[] {
  const room = Math.min(limits.maxPlaintext, limits.mtu - overhead);
  if (message.length <= room) return [message];
  const pieces: Buffer[] = [];
  const step = room - handshakeHeaderLength;
  const length = message.length - handshakeHeaderLength;
  for (let offset = 0; offset < length; offset += step) {
    pieces.push(encodeFragment(message, offset, Math.min(step, length - offset)));
  }
  return pieces;
}
