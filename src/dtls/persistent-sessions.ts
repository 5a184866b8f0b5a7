import type { Clock, Timer } from '../core/clock.js';
import { DecodeError } from '../core/errors.js';
import type { Log } from '../core/log.js';
import type { RandomBytes } from '../core/random.js';
import type { DtlsPeer } from './peer.js';
import { openBox, sealBox } from './sealed-box.js';
import type { Session } from './session.js';
import type { KeptSession, SessionKeeper } from './session-keeper.js';
import { decodeSnapshot, encodeSnapshot, type RestoredSession } from './session-snapshot.js';

/** Where sessions are kept. A promise resolves once what was asked for survives the process. */
export interface SessionStore {
  put(key: string, bytes: Buffer): Promise<void>;
  delete(key: string): Promise<void>;
  entries(): AsyncIterable<readonly [key: string, bytes: Buffer]>;
}

/** What keeping sessions takes. */
export interface PersistenceOptions {
  readonly store: SessionStore;
  /** 32 bytes, see `readKeyFile`. */
  readonly key: Buffer;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: RandomBytes;
  /** How long what has been received may wait to be written; so much can be replayed after a crash. Default 2 s. */
  readonly flushMs?: number;
}

/** Sequence numbers promised ahead with one write, and to each start after it. */
const leaseLength = 1024;
/** Where the number of starts is; no session has such a name. */
const generationKey = 'generation';
/** Writes under way at once while everything is written. */
const chunk = 512;

/**
 * Keeps sessions in a store so that they go on after a restart, even after a crash. No nonce is used twice: numbers are
 * sealed only below the lease of which it is certain that nothing lower is in the store. So that a start need not write a
 * new lease for every session, starts are counted: each has its own stretch of numbers behind the lease that is found.
 */
export class PersistentSessions implements SessionKeeper {
  private readonly options: PersistenceOptions;
  private readonly dirty = new Set<DtlsPeer>();
  private readonly deletions = new Set<Promise<void>>();
  private timer: Timer | undefined;
  private stopped = false;
  private generation = 1;

  constructor(options: PersistenceOptions) {
    this.options = options;
  }

  async load(isWelcome: (session: Session) => Promise<boolean>): Promise<KeptSession[]> {
    const { store, key, log } = this.options;
    const kept: RestoredSession[] = [];
    const useless: string[] = [];
    let before = 0;
    for await (const [name, box] of store.entries()) {
      const plain = openBox(key, name, box);
      if (name === generationKey) {
        before = plain?.readUIntBE(0, 6) ?? 0;
        continue;
      }
      const restored = plain === undefined ? new DecodeError('not authentic') : decodeSnapshot(plain);
      plain?.fill(0);
      if (restored instanceof DecodeError || !(await isWelcome(restored.session))) useless.push(name);
      else kept.push(restored);
    }
    await this.beginGeneration(before + 1);
    // Of a start that is not known to have been, numbers may be used again: nothing written in it counts.
    const known = kept.filter(({ generation }) => generation <= before);
    for (const restored of kept) if (restored.generation > before) useless.push(restored.session.name);
    if (useless.length > 0)
      log.warn(
        { sessions: useless.length },
        'stored DTLS sessions that are unreadable, too old or without valid key are dropped',
      );
    await Promise.all(useless.map((name) => store.delete(name)));
    for (const { session, generation } of known) {
      session.writeSequence += (before - generation) * leaseLength;
      session.writeLimit = session.writeSequence + leaseLength;
      session.keeping = { writing: undefined, lease: session.writeLimit, stored: true };
    }
    return known;
  }

  private async beginGeneration(generation: number): Promise<void> {
    const { store, key, random } = this.options;
    const plain = Buffer.alloc(6);
    plain.writeUIntBE(generation, 0, 6);
    await store.put(generationKey, sealBox(key, generationKey, plain, random));
    this.generation = generation;
  }

  begin(peer: DtlsPeer): void {
    // The write may reach the store at any time from now on.
    const lease = peer.session.writeSequence + leaseLength;
    peer.session.writeLimit = lease;
    peer.session.keeping = { writing: undefined, lease, stored: false };
    void this.write(peer);
  }

  sealed(peer: DtlsPeer): void {
    const { keeping, writeSequence } = peer.session;
    if (keeping === undefined) return;
    keeping.stored = false;
    if (writeSequence + leaseLength / 2 > keeping.lease) void this.write(peer);
  }

  heard(peer: DtlsPeer): void {
    const { keeping } = peer.session;
    if (keeping === undefined) return;
    keeping.stored = false;
    this.writeLater(peer);
  }

  end(peer: DtlsPeer): void {
    const { name, keeping } = peer.session;
    if (keeping === undefined) return;
    peer.session.keeping = undefined;
    this.dirty.delete(peer);
    const deletion = (keeping.writing ?? Promise.resolve())
      .then(() => this.options.store.delete(name))
      .catch((error: unknown) => this.options.log.error({ err: error }, 'a stored DTLS session could not be deleted'))
      .finally(() => this.deletions.delete(deletion));
    this.deletions.add(deletion);
  }

  async stop(peers: readonly DtlsPeer[]): Promise<void> {
    this.stopped = true;
    this.timer?.cancel();
    this.timer = undefined;
    for (const { session } of peers) session.writeLimit = 0;
    await Promise.all(peers.map(({ session }) => session.keeping?.writing ?? Promise.resolve()));
    await this.writeFinally(peers.filter(({ session }) => session.keeping?.stored === false));
    await Promise.all(this.deletions);
    this.dirty.clear();
  }

  private flush(): void {
    this.timer = undefined;
    for (const peer of this.dirty) void this.write(peer);
  }

  private async writeFinally(peers: readonly DtlsPeer[]): Promise<void> {
    for (let start = 0; start < peers.length; start += chunk) {
      await Promise.all(peers.slice(start, start + chunk).map((peer) => this.write(peer, true)));
    }
  }

  /** Writes a session, one write at a time; while one is under way it stays dirty. */
  private write(peer: DtlsPeer, final = false): Promise<void> {
    const { session, lowerKey } = peer;
    const { keeping } = session;
    if (keeping === undefined) return Promise.resolve();
    if (keeping.writing !== undefined) {
      this.writeLater(peer);
      return keeping.writing;
    }
    const { store, key, random, log } = this.options;
    this.dirty.delete(peer);
    const lease = final ? session.writeSequence : session.writeSequence + leaseLength;
    keeping.lease = lease;
    const plain = encodeSnapshot(session, { lowerKey, lease, generation: this.generation, final });
    const box = sealBox(key, session.name, plain, random);
    plain.fill(0);
    keeping.writing = store.put(session.name, box).then(
      () => {
        keeping.writing = undefined;
        if (!this.stopped) session.writeLimit = lease;
      },
      (error: unknown) => {
        keeping.writing = undefined;
        this.writeLater(peer);
        log.error({ err: error }, 'a DTLS session could not be stored; it falls silent when its numbers are used up');
      },
    );
    return keeping.writing;
  }

  private writeLater(peer: DtlsPeer): void {
    if (this.stopped || peer.session.keeping === undefined) return;
    this.dirty.add(peer);
    this.timer ??= this.options.clock.after('dtls sessions', this.options.flushMs ?? 2000, () => this.flush());
  }
}
