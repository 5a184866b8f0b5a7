import type { Identity } from '../core/datagram.js';
import { type AlertName, alerts, decodeAlert, encodeAlert } from './alert.js';
import { isCid } from './cid.js';
import type { RecordCipher } from './ciphers.js';
import { decodeFragments, handshakeTypes } from './handshake-message.js';
import type { LastFlight } from './last-flight.js';
import { contentTypes, type DtlsRecord } from './record.js';
import { ReplayWindow } from './replay-window.js';
import type { ResumableSession } from './resumption.js';

/** What a record turned out to be. */
export type Received =
  | { readonly kind: 'data'; readonly data: Buffer; readonly newest: boolean }
  /** The peer has sent its Finished again: it has not got ours. */
  | { readonly kind: 'repeat'; readonly newest: boolean }
  | { readonly kind: 'renegotiation'; readonly newest: boolean }
  /** An alert that ends the session. */
  | { readonly kind: 'alert'; readonly description: number; readonly newest: boolean }
  /** Authentic, but nothing to act on. */
  | { readonly kind: 'nothing'; readonly newest: boolean }
  | Dropped;

/** A record that was not taken. */
export interface Dropped {
  readonly kind: 'dropped';
  readonly why: 'epoch' | 'form' | 'replay' | 'forged' | 'oversized';
}

/** The content of an authentic record; `newest` when none with a higher number has been seen. */
export interface Opened {
  readonly kind: 'opened';
  readonly type: number;
  readonly content: Buffer;
  readonly newest: boolean;
}

const dropped = {
  epoch: { kind: 'dropped', why: 'epoch' },
  form: { kind: 'dropped', why: 'form' },
  replay: { kind: 'dropped', why: 'replay' },
  forged: { kind: 'dropped', why: 'forged' },
  oversized: { kind: 'dropped', why: 'oversized' },
} as const satisfies Record<string, Dropped>;

/** What a session is made of. */
export interface SessionParts {
  /** Stable name, the same after a restart. */
  readonly name: string;
  readonly cipher: RecordCipher;
  readonly identity: Identity | undefined;
  /** See `credentialDigest`; undefined without a pre-shared key. */
  readonly credential: string | undefined;
  /** In front of the peer's records to us, see `cidText`; empty for none. */
  readonly ownCid: string;
  /** In front of our records to the peer; empty for none. */
  readonly peerCid: Buffer;
  /** The longest content of a record to the peer, and of one from it. */
  readonly maxPlaintext: number;
  readonly maxReceived: number;
  readonly now: number;
}

/** What a keeper notes of a session. */
export interface Keeping {
  /** Resolves when no write is under way. */
  writing: Promise<void> | undefined;
  /** Up to which number the store allows sealing, or will once the latest write has come through. */
  lease: number;
  /** Whether the store holds all there is to know. */
  stored: boolean;
}

/** The one epoch of protected records: a session does not renegotiate. */
export const sessionEpoch = 1;
const lastSequence = 2 ** 48 - 2;

/** The protected half of a connection: seals what goes out, opens what comes in. No I/O, no clock. */
export class Session {
  readonly name: string;
  readonly cipher: RecordCipher;
  readonly identity: Identity | undefined;
  readonly credential: string | undefined;
  readonly ownCid: string;
  readonly peerCid: Buffer;
  readonly maxPlaintext: number;
  readonly maxReceived: number;
  readonly window = new ReplayWindow();
  /** When the peer was last heard, milliseconds of the clock. */
  lastSeen: number;
  /** Number of the next record sealed. */
  writeSequence = 0;
  /** Records from this number on must not be sealed: only below it is the number safe in the store. */
  writeLimit: number | undefined;
  /** What its keeper notes; undefined when it is not kept. */
  keeping: Keeping | undefined;
  forged = 0;
  closed = false;
  resumable: ResumableSession | undefined;
  /** Our last flight, while the peer may still ask for it. */
  lastFlight: LastFlight | undefined;

  constructor(parts: SessionParts) {
    this.name = parts.name;
    this.cipher = parts.cipher;
    this.identity = parts.identity;
    this.credential = parts.credential;
    this.ownCid = parts.ownCid;
    this.peerCid = parts.peerCid;
    this.maxPlaintext = parts.maxPlaintext;
    this.maxReceived = parts.maxReceived;
    this.lastSeen = parts.now;
  }

  /** A record with this content; undefined when it is too long or the session can seal no more. */
  seal(type: number, content: Uint8Array): Buffer | undefined {
    const most = this.peerCid.length > 0 ? this.maxPlaintext - 1 : this.maxPlaintext;
    if (this.closed || content.length > most || this.writeSequence >= (this.writeLimit ?? lastSequence))
      return undefined;
    return this.cipher.seal(type, sessionEpoch, this.writeSequence++, content, this.peerCid);
  }

  /** An alert as a record. */
  sealAlert(name: AlertName): Buffer | undefined {
    return this.seal(contentTypes.alert, encodeAlert(name));
  }

  /** Opens a record. State moves only if it is authentic. */
  open(record: DtlsRecord, now: number): Opened | Dropped {
    if (this.closed || record.epoch !== sessionEpoch) return dropped.epoch;
    // A side that has given out a connection id takes nothing without it [RFC 9146 6].
    if (!isCid(record.cid, this.ownCid) || (record.type === contentTypes.tls12Cid) !== this.ownCid.length > 0) {
      return dropped.form;
    }
    if (!this.window.admits(record.sequence)) return dropped.replay;
    const plain = this.cipher.open(record);
    if (plain === undefined) {
      this.forged++;
      return dropped.forged;
    }
    const newest = record.sequence > this.window.top;
    this.window.mark(record.sequence);
    this.lastSeen = now;
    // Discarded, as datagrams may be, instead of ending the session with record_overflow [RFC 8449 4].
    if (plain.content.length > this.maxReceived) return dropped.oversized;
    return { kind: 'opened', type: plain.type, content: plain.content, newest };
  }

  /** Opens a record of an established session and says what it is. */
  receive(record: DtlsRecord, now: number): Received {
    const opened = this.open(record, now);
    if (opened.kind === 'dropped') return opened;
    const { content, newest } = opened;
    switch (opened.type) {
      case contentTypes.applicationData:
        return { kind: 'data', data: content, newest };
      case contentTypes.alert: {
        const alert = decodeAlert(content);
        const ends = alert !== undefined && (alert.fatal || alert.description === alerts.close_notify);
        return ends ? { kind: 'alert', description: alert.description, newest } : { kind: 'nothing', newest };
      }
      case contentTypes.handshake:
        return { kind: handshakeMeans(content), newest };
      default:
        return { kind: 'nothing', newest };
    }
  }

  /** Ends it and overwrites its keys. */
  close(): void {
    this.closed = true;
    this.lastFlight = undefined;
    this.cipher.destroy();
  }
}

function handshakeMeans(content: Buffer): 'repeat' | 'renegotiation' | 'nothing' {
  const first = decodeFragments(content)[0];
  if (first?.type === handshakeTypes.finished) return 'repeat';
  return first?.type === handshakeTypes.clientHello ? 'renegotiation' : 'nothing';
}
