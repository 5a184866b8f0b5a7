import { Reader } from '../core/bytes.js';
import { attempt, DecodeError } from '../core/errors.js';

/** Content types of records. */
export const contentTypes = {
  changeCipherSpec: 20,
  alert: 21,
  handshake: 22,
  applicationData: 23,
  /** A protected record that carries a connection id [RFC 9146]. */
  tls12Cid: 25,
} as const;

/** The version on the wire of DTLS 1.2, and of 1.0, with which clients begin and HelloVerifyRequest goes out. */
export const dtls12 = 0xfefd;
export const dtls10 = 0xfeff;

/** Bytes before the fragment, without connection id. */
export const headerLength = 13;
/** The most plaintext one record may carry. */
export const maxPlaintextLength = 2 ** 14;

const maxFragmentLength = maxPlaintextLength + 2048;
const nothing = Buffer.alloc(0);

/** One record as it came: the fragment is plain at epoch 0, sealed above. Its buffers are views of the datagram. */
export interface DtlsRecord {
  readonly type: number;
  readonly version: number;
  readonly epoch: number;
  readonly sequence: number;
  /** Empty unless the type is tls12_cid. */
  readonly cid: Buffer;
  readonly fragment: Buffer;
}

/**
 * The records of a datagram. What follows a malformed one is dropped with it: without its length there is no next.
 * `cidLength` is the length of the connection ids this side has given out; the record does not tell.
 */
export function decodeRecords(datagram: Buffer, cidLength: number): DtlsRecord[] {
  const records: DtlsRecord[] = [];
  const reader = new Reader(datagram);
  while (reader.remaining > 0) {
    const record = attempt(() => decodeRecord(reader, cidLength));
    if (record instanceof DecodeError) break;
    records.push(record);
  }
  return records;
}

function decodeRecord(reader: Reader, cidLength: number): DtlsRecord {
  const start = reader.offset;
  const type = reader.u8();
  const version = reader.u16();
  if (type < contentTypes.changeCipherSpec || type > contentTypes.tls12Cid || version >> 8 !== 0xfe) {
    throw new DecodeError('not a DTLS record', start);
  }
  const epoch = reader.u16();
  const sequence = reader.u48();
  const cid = type === contentTypes.tls12Cid ? reader.bytes(cidLength) : nothing;
  const length = reader.u16();
  if (length > maxFragmentLength) throw new DecodeError(`fragment of ${length} bytes`, start);
  return { type, version, epoch, sequence, cid, fragment: reader.bytes(length) };
}

/** A record in a few words, for traces: type, epoch, number and length, nothing of its content. */
export function describeRecord(record: DtlsRecord): string {
  return `type ${record.type} epoch ${record.epoch} number ${record.sequence}, ${record.fragment.length} bytes`;
}

/** A plaintext record of epoch 0. */
export function encodePlainRecord(type: number, version: number, sequence: number, fragment: Uint8Array): Buffer {
  const record = Buffer.allocUnsafe(headerLength + fragment.length);
  writeHeader(record, type, version, 0, sequence);
  record.writeUInt16BE(fragment.length, 11);
  record.set(fragment, headerLength);
  return record;
}

/** Writes type, version, epoch and sequence; the connection id and the length come after them. */
export function writeHeader(record: Buffer, type: number, version: number, epoch: number, sequence: number): void {
  record[0] = type;
  record.writeUInt16BE(version, 1);
  record.writeUInt16BE(epoch, 3);
  record.writeUIntBE(sequence, 5, 6);
}
