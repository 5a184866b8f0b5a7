import type { Identity } from '../core/datagram.js';
import { masterSecretLength } from './prf.js';
import type { CipherSuite } from './suites.js';

/** What an abbreviated handshake starts from. */
export interface ResumableSession {
  /** The session id of the ServerHello, a character for each of its 32 bytes. */
  readonly id: string;
  readonly suite: CipherSuite;
  /** Ends with the master secret, see `masterOf`; what is before it belongs to the cipher of the session it came of. */
  readonly secret: Buffer;
  readonly extendedMasterSecret: boolean;
  readonly identity: Identity | undefined;
  /** See `credentialDigest`; undefined without a pre-shared key. */
  readonly credential: string | undefined;
  readonly expiresAt: number;
}

/** Sessions that may be resumed by id, the oldest forgotten first when there are too many. */
export class ResumptionCache {
  private readonly sessions = new Map<string, ResumableSession>();
  private readonly limit: number;

  constructor(limit: number) {
    this.limit = limit;
  }

  get size(): number {
    return this.sessions.size;
  }

  /** Keeps a session. */
  add(session: ResumableSession): void {
    if (this.limit === 0) return;
    this.sessions.set(session.id, session);
    if (this.sessions.size > this.limit) {
      const oldest = this.sessions.values().next().value;
      if (oldest !== undefined) this.forget(oldest);
    }
  }

  /** The session with this id, if it is known and not too old. */
  find(id: Buffer, now: number): ResumableSession | undefined {
    const session = this.sessions.get(sessionIdText(id));
    if (session === undefined) return undefined;
    if (session.expiresAt > now) return session;
    this.forget(session);
    return undefined;
  }

  /** Forgets a session and overwrites its secret. */
  forget(session: ResumableSession): void {
    if (this.sessions.delete(session.id)) masterOf(session).fill(0);
  }

  /** Forgets every session for which `matches` holds. */
  forgetWhere(matches: (session: ResumableSession) => boolean): void {
    for (const session of this.sessions.values()) if (matches(session)) this.forget(session);
  }
}

/** The master secret, where it is: overwritten when the session is forgotten. */
export function masterOf(session: ResumableSession): Buffer {
  return session.secret.subarray(-masterSecretLength);
}

/** A session id as a `ResumableSession` has it. */
export function sessionIdText(id: Buffer): string {
  return id.toString('latin1');
}
