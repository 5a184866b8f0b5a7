import type { Identity, Peer } from '../core/datagram.js';
import { contentTypes } from './record.js';
import type { Session } from './session.js';

/** What a peer tells its endpoint. */
export interface PeerEvents {
  /** A datagram could not be sealed: too long, closed, or waiting for the store. */
  unsent(peer: DtlsPeer): void;
  /** A record has been sealed. */
  sealed(peer: DtlsPeer): void;
  /** The place below with this key, for a peer of before a restart that has not been heard of yet. */
  below(lowerKey: string): Peer | undefined;
}

/** The other end of a DTLS session. Its address may move; key and identity stay. */
export class DtlsPeer implements Peer {
  readonly key: string;
  readonly session: Session;
  /** Where its records go; undefined after a restart until it is heard of or sent to. */
  lower: Peer | undefined;
  /** Key of its place below, for which it is filed. */
  lowerKey: string;
  /** Its place in the line of sessions, see `Connections`. */
  rank = 0;
  private readonly events: PeerEvents;

  constructor(key: string, session: Session, lower: Peer | undefined, lowerKey: string, events: PeerEvents) {
    this.key = key;
    this.session = session;
    this.lower = lower;
    this.lowerKey = lowerKey;
    this.events = events;
  }

  get identity(): Identity | undefined {
    return this.session.identity;
  }

  get address(): string {
    return this.lower?.address ?? this.lowerKey;
  }

  send(datagram: Buffer): void {
    if (!this.session.closed) this.lower ??= this.events.below(this.lowerKey);
    const record = this.lower === undefined ? undefined : this.session.seal(contentTypes.applicationData, datagram);
    if (record === undefined) {
      this.events.unsent(this);
      return;
    }
    this.lower?.send(record);
    this.events.sealed(this);
  }
}
