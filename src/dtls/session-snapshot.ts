import { Reader, Writer } from '../core/bytes.js';
import type { Identity } from '../core/datagram.js';
import { attempt, DecodeError } from '../core/errors.js';
import { cidText } from './cid.js';
import { RecordCipher } from './ciphers.js';
import { keep, keepSecret } from './keep.js';
import { masterSecretLength } from './prf.js';
import { masterOf, sessionIdText } from './resumption.js';
import { Session } from './session.js';
import { keyBlockLength, suiteById } from './suites.js';

/** A session as bytes, in the clear: they hold its keys. */
export interface SnapshotOptions {
  /** Where the peer was. */
  readonly lowerKey: string;
  /** The number at which sealing may go on after a restart: none at or above it is used before it is written anew. */
  readonly lease: number;
  /** The start of the program in which it was written, counted from 1. */
  readonly generation: number;
  /** Whether nothing is opened any more, so that the replay window written is the last there is. */
  readonly final: boolean;
}

const format = 2;
const noBytes = Buffer.alloc(0);

/** Writes a session down. */
export function encodeSnapshot(session: Session, options: SnapshotOptions): Buffer {
  const { cipher, window, identity, resumable } = session;
  const writer = new Writer(512).u8(format);
  vector(writer, Buffer.from(session.name));
  writer.u16(cipher.suite.id);
  vector(writer, cipher.keys);
  vector(writer, Buffer.from(session.ownCid, 'latin1'));
  vector(writer, session.peerCid);
  writer.u16(session.maxPlaintext).u16(session.maxReceived).u48(options.lease).u48(options.generation);
  writer
    .u8(options.final ? 1 : 0)
    .u48(window.top + 1)
    .u32(window.high >>> 0)
    .u32(window.low >>> 0);
  writer.u48(Math.floor(session.lastSeen)).u32(session.forged);
  vector(writer, Buffer.from(options.lowerKey));
  vector(writer, identity === undefined ? noBytes : Buffer.from(JSON.stringify(identity)));
  vector(writer, Buffer.from(session.credential ?? '', 'latin1'));
  writer.u8(resumable === undefined ? 0 : 1);
  if (resumable !== undefined) {
    vector(writer, Buffer.from(resumable.id, 'latin1'));
    vector(writer, masterOf(resumable));
    writer.u8(resumable.extendedMasterSecret ? 1 : 0).u48(Math.floor(resumable.expiresAt));
  }
  return writer.finish();
}

/** A session written down, and where its peer was. */
export interface RestoredSession {
  readonly session: Session;
  readonly lowerKey: string;
  readonly generation: number;
}

/** Reads a session. It may seal nothing until it is given numbers beyond its lease. */
export function decodeSnapshot(bytes: Buffer): RestoredSession | DecodeError {
  return attempt(() => {
    const reader = new Reader(bytes);
    if (reader.u8() !== format) throw new DecodeError('snapshot of another version');
    const name = takeVector(reader).toString();
    const suite = suiteById(reader.u16());
    if (suite === undefined) throw new DecodeError('snapshot with an unknown suite');
    const block = takeVector(reader);
    if (block.length !== keyBlockLength(suite)) throw new DecodeError('snapshot without keys');
    const ownCid = cidText(takeVector(reader));
    const peerCid = keep(takeVector(reader));
    const maxPlaintext = reader.u16();
    const maxReceived = reader.u16();
    const [lease, generation] = [reader.u48(), reader.u48()];
    const final = reader.u8() === 1;
    const [top, high, low] = [reader.u48() - 1, reader.u32(), reader.u32()];
    const now = reader.u48();
    const forged = reader.u32();
    const lowerKey = takeVector(reader).toString();
    const identity = decodeIdentity(takeVector(reader));
    const credential = takeVector(reader).toString('latin1') || undefined;
    const resumable = reader.u8() === 1 ? decodeResumable(reader) : undefined;
    const secret = keepSecret(Buffer.concat([block, resumable?.master ?? noBytes]));
    const cipher = new RecordCipher(suite, secret, 'server');
    const sizes = { maxPlaintext, maxReceived };
    const session = new Session({ name, cipher, identity, credential, ownCid, peerCid, ...sizes, now });
    session.writeSequence = lease;
    session.writeLimit = lease;
    session.forged = forged;
    session.window.top = top;
    // After a crash it is not known which of the numbers below the top were still seen: none of them is taken.
    session.window.high = final ? high | 0 : -1;
    session.window.low = final ? low | 0 : -1;
    if (resumable !== undefined) {
      const { id, extendedMasterSecret, expiresAt } = resumable;
      session.resumable = { id, suite, secret, extendedMasterSecret, identity, credential, expiresAt };
    }
    return { session, lowerKey, generation };
  });
}

function decodeResumable(reader: Reader) {
  const id = sessionIdText(takeVector(reader));
  const master = takeVector(reader);
  if (master.length !== masterSecretLength) throw new DecodeError('snapshot without master secret');
  return { id, master, extendedMasterSecret: reader.u8() === 1, expiresAt: reader.u48() };
}

function decodeIdentity(json: Buffer): Identity | undefined {
  // Only what was written here and is authentic is read here.
  return json.length === 0 ? undefined : (JSON.parse(json.toString()) as Identity);
}

function vector(writer: Writer, value: Buffer): void {
  writer.u16(value.length).bytes(value);
}

function takeVector(reader: Reader): Buffer {
  return reader.bytes(reader.u16());
}
