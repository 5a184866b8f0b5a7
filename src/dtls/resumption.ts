import type { Identity } from '../core/datagram.js';
import type { CipherSuite } from './suites.js';

/** What an abbreviated handshake starts from. */
export interface ResumableSession {
  /** 32 bytes, the session id of the ServerHello. */
  readonly id: Buffer;
  readonly suite: CipherSuite;
  /** Overwritten when it is forgotten. */
  readonly master: Buffer;
  readonly extendedMasterSecret: boolean;
  readonly identity: Identity | undefined;
  /** The PSK identity's bytes, for revocation. */
  readonly pskIdentity: Buffer | undefined;
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
    this.sessions.set(keyOf(session.id), session);
    if (this.sessions.size > this.limit) {
      const oldest = this.sessions.values().next().value;
      if (oldest !== undefined) this.forget(oldest);
    }
  }

  /** The session with this id, if it is known and not too old. */
  find(id: Buffer, now: number): ResumableSession | undefined {
    const session = this.sessions.get(keyOf(id));
    if (session === undefined) return undefined;
    if (session.expiresAt > now) return session;
    this.forget(session);
    return undefined;
  }

  /** Forgets a session and overwrites its secret. */
  forget(session: ResumableSession): void {
    if (this.sessions.delete(keyOf(session.id))) session.master.fill(0);
  }

  /** Forgets every session for which `matches` holds. */
  forgetWhere(matches: (session: ResumableSession) => boolean): void {
    for (const session of this.sessions.values()) if (matches(session)) this.forget(session);
  }
}

function keyOf(id: Buffer): string {
  return id.toString('latin1');
}
