import { type CipherGCMTypes, createCipheriv, createDecipheriv } from 'node:crypto';
import { contentTypes, type DtlsRecord, dtls12, headerLength, maxPlaintextLength, writeHeader } from './record.js';
import { type CipherSuite, keyBlockLength } from './suites.js';

/** Which end of a connection one is; it decides which half of the key block seals and which opens. */
export type Side = 'client' | 'server';

/** A record that has been opened. */
export interface Plaintext {
  readonly type: number;
  readonly content: Buffer;
}

const explicitLength = 8;
// By length; made once, as the spaces below are, since every record needs them.
const tagOptions = { 8: { authTagLength: 8 }, 16: { authTagLength: 16 } };
const nonce = Buffer.alloc(12);
// Sized for the longest connection id there can be; one record at a time is sealed or opened, so one is enough.
const aadSpace = Buffer.alloc(23 + 255);
const plainAad = aadSpace.subarray(0, 13);
// No bytes, but at an address: given none, OpenSSL's CCM would leave the tag of an empty plaintext unmade or unchecked.
const noBytes = Buffer.alloc(1).subarray(0, 0);

/** Seals and opens the records of one epoch with an AEAD suite [RFC 5288] [RFC 6655] [RFC 9146]. */
export class RecordCipher {
  readonly suite: CipherSuite;
  private readonly block: Buffer;
  private readonly side: Side;

  /** `block` begins with the key block; the cipher owns that and `destroy` overwrites it. */
  constructor(suite: CipherSuite, block: Buffer, side: Side) {
    this.suite = suite;
    this.block = block;
    this.side = side;
  }

  /** The key block itself, for the session store. */
  get keys(): Buffer {
    return this.block.subarray(0, keyBlockLength(this.suite));
  }

  /** A whole record. With a connection id the content's type goes inside and `padding` zeros after it. */
  seal(type: number, epoch: number, sequence: number, content: Uint8Array, cid: Buffer, padding = 0): Buffer {
    const { tagLength } = this.suite;
    const withCid = cid.length > 0;
    const inner = withCid ? innerPlaintext(type, content, padding) : content;
    const fragmentAt = headerLength + cid.length;
    const record = Buffer.allocUnsafe(fragmentAt + explicitLength + inner.length + tagLength);
    writeHeader(record, withCid ? contentTypes.tls12Cid : type, dtls12, epoch, sequence);
    record.set(cid, 11);
    record.writeUInt16BE(record.length - fragmentAt, fragmentAt - 2);
    // The explicit nonce is epoch and sequence number, which never repeat under one key.
    record.copy(record, fragmentAt, 3, 11);
    const cipherNonce = this.nonce(true, record, fragmentAt);
    const cipher = createCipheriv(
      this.suite.cipher as CipherGCMTypes,
      this.key(true),
      cipherNonce,
      tagOptions[tagLength],
    );
    cipher.setAAD(additionalData(type, epoch, sequence, cid, inner.length), { plaintextLength: inner.length });
    const body = fragmentAt + explicitLength;
    record.set(cipher.update(inner.length === 0 ? noBytes : inner), body);
    cipher.final();
    record.set(cipher.getAuthTag(), body + inner.length);
    return record;
  }

  /** The content of a record, or undefined when it is not authentic or not well formed. */
  open(record: DtlsRecord): Plaintext | undefined {
    const { tagLength } = this.suite;
    const { fragment, cid } = record;
    const length = fragment.length - explicitLength - tagLength;
    if (length < 0 || length > maxPlaintextLength + 256 || record.version !== dtls12) return undefined;
    const cipherNonce = this.nonce(false, fragment, 0);
    const decipher = createDecipheriv(
      this.suite.cipher as CipherGCMTypes,
      this.key(false),
      cipherNonce,
      tagOptions[tagLength],
    );
    decipher.setAuthTag(fragment.subarray(explicitLength + length));
    decipher.setAAD(additionalData(record.type, record.epoch, record.sequence, cid, length), {
      plaintextLength: length,
    });
    let inner: Buffer;
    try {
      inner = decipher.update(length === 0 ? noBytes : fragment.subarray(explicitLength, explicitLength + length));
      decipher.final();
    } catch {
      return undefined;
    }
    return record.type === contentTypes.tls12Cid ? unwrap(inner) : { type: record.type, content: inner };
  }

  /** Bytes a record is longer than its content. */
  overhead(cid: Buffer): number {
    return headerLength + explicitLength + this.suite.tagLength + (cid.length > 0 ? cid.length + 1 : 0);
  }

  /** Overwrites the keys. */
  destroy(): void {
    this.keys.fill(0);
  }

  private key(sealing: boolean): Buffer {
    const { keyLength } = this.suite;
    const start = this.usesClientHalf(sealing) ? 0 : keyLength;
    return this.block.subarray(start, start + keyLength);
  }

  private nonce(sealing: boolean, explicit: Buffer, at: number): Buffer {
    const start = 2 * this.suite.keyLength + (this.usesClientHalf(sealing) ? 0 : 4);
    this.block.copy(nonce, 0, start, start + 4);
    explicit.copy(nonce, 4, at, at + explicitLength);
    return nonce;
  }

  private usesClientHalf(sealing: boolean): boolean {
    return (this.side === 'client') === sealing;
  }
}

/** What is authenticated besides the content: 13 bytes, or with a connection id the longer form of [RFC 9146 5.3]. */
export function additionalData(type: number, epoch: number, sequence: number, cid: Buffer, length: number): Buffer {
  if (cid.length === 0) {
    aadSpace.writeUInt16BE(epoch, 0);
    aadSpace.writeUIntBE(sequence, 2, 6);
    aadSpace[8] = type;
    aadSpace.writeUInt16BE(dtls12, 9);
    aadSpace.writeUInt16BE(length, 11);
    return plainAad;
  }
  aadSpace.fill(0xff, 0, 8);
  aadSpace[8] = contentTypes.tls12Cid;
  aadSpace[9] = cid.length;
  writeHeader(aadSpace.subarray(10), contentTypes.tls12Cid, dtls12, epoch, sequence);
  aadSpace.set(cid, 21);
  aadSpace.writeUInt16BE(length, 21 + cid.length);
  return aadSpace.subarray(0, 23 + cid.length);
}

function innerPlaintext(type: number, content: Uint8Array, padding: number): Buffer {
  const inner = Buffer.alloc(content.length + 1 + padding);
  inner.set(content);
  inner[content.length] = type;
  return inner;
}

/** Takes padding and real type off the end. Types that have no place inside are refused. */
function unwrap(inner: Buffer): Plaintext | undefined {
  let end = inner.length;
  while (end > 0 && inner[end - 1] === 0) end--;
  if (end === 0) return undefined;
  const type = inner[end - 1] as number;
  if (type < contentTypes.alert || type > contentTypes.applicationData) return undefined;
  return { type, content: inner.subarray(0, end - 1) };
}
