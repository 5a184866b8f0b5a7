import type { DtlsPeer } from './peer.js';
import type { Session } from './session.js';

/** A session brought back from the store, and where its peer was. */
export interface KeptSession {
  readonly session: Session;
  readonly lowerKey: string;
}

/** Keeps sessions over a restart. */
export interface SessionKeeper {
  /** The sessions of before that are welcome; the others are dropped. Called once, before any other. */
  load(isWelcome: (session: Session) => Promise<boolean>): Promise<KeptSession[]>;
  /** A session has been established. */
  begin(peer: DtlsPeer): void;
  /** A record of a session has been sealed. */
  sealed(peer: DtlsPeer): void;
  /** A record of a session has been opened. */
  heard(peer: DtlsPeer): void;
  /** A session has ended. */
  end(peer: DtlsPeer): void;
  /** Writes what is not written of these, all there are; they seal nothing afterwards. */
  stop(peers: readonly DtlsPeer[]): Promise<void>;
}
