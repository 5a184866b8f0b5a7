import { randomBytes } from 'node:crypto';
import type { Clock, Timer } from '../core/clock.js';
import type { DatagramHandler, DatagramPort, Identity, Peer } from '../core/datagram.js';
import { Deadlines } from '../core/deadlines.js';
import { assertNever } from '../core/errors.js';
import type { Log } from '../core/log.js';
import type { Metrics } from '../core/metrics.js';
import type { RandomBytes } from '../core/random.js';
import { alertName, alerts } from './alert.js';
import { Connections } from './connections.js';
import { type DtlsCounters, dtlsCounters } from './counters.js';
import { handshakeTypes } from './handshake-message.js';
import { Handshakes } from './handshakes.js';
import { identityName, identityText } from './identity-text.js';
import type { DtlsOptions } from './options.js';
import { DtlsPeer } from './peer.js';
import { contentTypes, type DtlsRecord, decodeRecords, describeRecord } from './record.js';
import { ResumptionCache } from './resumption.js';
import type { Dropped, Received, Session } from './session.js';
import { mayGoOn } from './session-admission.js';
import type { SessionKeeper } from './session-keeper.js';
import { type DtlsSettings, prepareSettings } from './settings.js';

/** What an endpoint needs from its surroundings. */
export interface DtlsDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly random?: RandomBytes;
  /** Keeps sessions over a restart; without it they end with the process. */
  readonly keeper?: SessionKeeper;
  /** Called when a session has ended: nothing comes from the peer any more, and nothing reaches it. */
  readonly ended?: (peer: Peer, reason: string) => void;
}

const sweepMs = 60_000;

/**
 * A DTLS 1.2 server over another port, itself a port: its peers are sessions, each with the identity it has proven. The
 * constructor throws an IsthmusError (`CREDENTIALS`, `CIPHERS`) for options that cannot work.
 */
export class DtlsPort implements DatagramPort {
  readonly settings: DtlsSettings;
  private readonly lower: DatagramPort;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly keeper: SessionKeeper | undefined;
  private readonly ended: ((peer: Peer, reason: string) => void) | undefined;
  private readonly counters: DtlsCounters;
  private readonly connections = new Connections();
  private readonly resumption: ResumptionCache;
  private readonly handshakes: Handshakes;
  /** When last flights are to be repeated or forgotten. */
  private readonly lastFlights: Deadlines<DtlsPeer>;
  private handler: DatagramHandler | undefined;
  private sweep: Timer | undefined;

  constructor(lower: DatagramPort, options: DtlsOptions, dependencies: DtlsDependencies) {
    const { clock, log, metrics, random = randomBytes } = dependencies;
    const settings = prepareSettings(options);
    this.settings = settings;
    this.lower = lower;
    this.clock = clock;
    this.log = log;
    this.keeper = dependencies.keeper;
    this.ended = dependencies.ended;
    this.counters = dtlsCounters(metrics);
    this.resumption = new ResumptionCache(settings.limits.resumable);
    this.lastFlights = new Deadlines(clock, 'dtls last flights', (peer) => this.lastFlightDue(peer));
    const { connections, resumption, counters } = this;
    this.handshakes = new Handshakes({
      settings,
      connections,
      resumption,
      clock,
      log,
      counters,
      random,
      hasRoom: () => this.hasRoom(),
      established: (session, at, early) => this.established(session, at, early),
    });
    settings.psk?.onRevoked?.((identities) => this.revoke(identities));
  }

  get name(): string {
    return `dtls over ${this.lower.name}`;
  }

  /** Established sessions. */
  get sessions(): number {
    return this.connections.sessions;
  }

  async start(handler: DatagramHandler): Promise<void> {
    if (this.handler !== undefined) return;
    if (this.settings.ignoredCiphers.length > 0) {
      this.log.warn(
        { port: this.name, ciphers: this.settings.ignoredCiphers },
        'cipher suites not supported are left out',
      );
    }
    const now = this.clock.now();
    for (const { session, lowerKey } of (await this.keeper?.load((session) => mayGoOn(session, this.settings, now))) ??
      []) {
      this.connections.add(new DtlsPeer(this.keyOf(session), session, undefined, lowerKey, this.events));
      if (session.resumable !== undefined) this.resumption.add(session.resumable);
    }
    this.handler = handler;
    this.sweep = this.clock.after('dtls sweep', sweepMs, () => this.sweepIdle());
    await this.lower.start((datagram, from) => this.take(datagram, from));
  }

  async stop(): Promise<void> {
    if (this.handler === undefined) return;
    this.handler = undefined;
    this.sweep?.cancel();
    this.handshakes.stop();
    this.lastFlights.clear();
    // Sessions that are kept go on after the restart; those that are not should not be left talking to nobody.
    if (this.keeper === undefined) for (const peer of this.connections.peers()) this.tell(peer, 'close_notify');
    await this.keeper?.stop([...this.connections.peers()]);
    for (const peer of this.connections.peers()) peer.session.close();
    this.connections.clear();
    await this.lower.stop();
  }

  peerAt(key: string): Peer | undefined {
    return this.connections.peer(key);
  }

  /** Ends a session: the peer is told, and nothing more comes from it. */
  close(peer: Peer): void {
    const found = this.connections.peer(peer.key);
    if (found === undefined) return;
    this.tell(found, 'close_notify');
    this.end(found, 'closed from this side');
  }

  private take(datagram: Buffer, from: Peer): void {
    if (this.handler === undefined) return;
    const records = decodeRecords(datagram, this.settings.cidLength);
    if (records.length === 0) this.counters.malformed.value++;
    if (this.log.isLevelEnabled('trace')) {
      this.log.trace({ peer: from.address, records: records.map(describeRecord) }, 'DTLS records came');
    }
    for (const record of records) {
      if (record.type === contentTypes.tls12Cid) this.takeWithCid(record, from);
      else if (record.epoch === 0) this.takePlain(record, from);
      else this.takeSealed(record, from);
    }
  }

  private takeWithCid(record: DtlsRecord, from: Peer): void {
    const peer = this.connections.peerWithCid(record.cid);
    if (peer !== undefined) {
      this.act(peer, peer.session.receive(record, this.clock.now()), from);
      return;
    }
    const pending = this.connections.pendingWithCid(record.cid);
    if (pending !== undefined && pending.lower.key === from.key) this.handshakes.takeRecord(pending, record);
    else this.counters.stray.value++;
  }

  private takePlain(record: DtlsRecord, from: Peer): void {
    const isHello = record.type === contentTypes.handshake && record.fragment[0] === handshakeTypes.clientHello;
    if (isHello) {
      this.handshakes.takeHello(record, from);
      return;
    }
    // What is plain cannot concern a session: anybody could have sent it.
    const pending = this.connections.pendingAt(from.key);
    if (pending !== undefined) this.handshakes.takeRecord(pending, record);
    else this.counters.stray.value++;
  }

  private takeSealed(record: DtlsRecord, from: Peer): void {
    const peer = this.connections.peerAt(from.key);
    const pending = this.connections.pendingAt(from.key);
    if (peer !== undefined && peer.session.ownCid.length === 0) {
      const received = peer.session.receive(record, this.clock.now());
      // With a new handshake under way it may be its Finished instead.
      if (received.kind !== 'dropped' || pending === undefined) {
        this.act(peer, received, from);
        return;
      }
    }
    if (pending !== undefined) this.handshakes.takeRecord(pending, record);
    else this.counters.stray.value++;
  }

  private act(peer: DtlsPeer, received: Received, from: Peer): void {
    if (received.kind === 'dropped') {
      this.dropped(peer, received.why);
      return;
    }
    if (received.newest && peer.lower?.key !== from.key) this.move(peer, from);
    this.connections.heard(peer, peer.session.lastSeen);
    this.keeper?.heard(peer);
    switch (received.kind) {
      case 'data':
        if (peer.session.lastFlight !== undefined) this.forgetLastFlight(peer);
        this.handler?.(received.data, peer);
        break;
      case 'repeat':
        for (const datagram of peer.session.lastFlight?.repeat(this.clock.now()) ?? []) peer.lower?.send(datagram);
        break;
      case 'renegotiation':
        this.tell(peer, 'no_renegotiation');
        break;
      case 'alert':
        this.takeAlert(peer, received.description);
        break;
      case 'nothing':
        break;
      default:
        assertNever(received);
    }
  }

  private takeAlert(peer: DtlsPeer, description: number): void {
    const { resumable } = peer.session;
    if (description === alerts.close_notify) this.tell(peer, 'close_notify');
    else if (resumable !== undefined) this.resumption.forget(resumable);
    this.end(peer, `the peer said ${alertName(description)}`);
  }

  private dropped(peer: DtlsPeer, why: Dropped['why']): void {
    if (why === 'replay') this.counters.replayed.value++;
    else if (why === 'oversized') this.counters.oversized.value++;
    else if (why !== 'forged') this.counters.stray.value++;
    else {
      this.counters.forged.value++;
      if (peer.session.forged >= this.settings.limits.forgedRecords) this.end(peer, 'too many forged records');
    }
  }

  private move(peer: DtlsPeer, to: Peer): void {
    if (peer.lowerKey !== to.key) {
      this.counters.moved.value++;
      this.log.debug({ peer: peer.key, from: peer.address, to: to.address }, 'DTLS peer has moved');
      this.connections.move(peer, to.key);
    }
    peer.lower = to;
  }

  private established(session: Session, lower: Peer, early: readonly Buffer[]): void {
    const { resumable, lastFlight, identity } = session;
    const before = this.connections.peerAt(lower.key);
    // A session that only its address could find is unreachable now; one with a connection id may have moved away
    // unseen, unless the same holder is back.
    if (before !== undefined && (before.session.ownCid.length === 0 || isSame(before.session, session))) {
      this.end(before, 'replaced by a new handshake');
    }
    const peer = new DtlsPeer(this.keyOf(session), session, lower, lower.key, this.events);
    this.connections.add(peer);
    this.counters.established.value++;
    if (lastFlight === undefined) this.counters.resumed.value++;
    else {
      this.lastFlights.set(peer, lastFlight.deadline);
      if (resumable !== undefined) this.resumption.add(resumable);
    }
    this.keeper?.begin(peer);
    const who = identity === undefined ? undefined : identityName(identity);
    const suite = session.cipher.suite.name;
    this.log.debug(
      { peer: lower.address, identity: who, suite, resumed: lastFlight === undefined },
      'DTLS session begins',
    );
    for (const data of early) this.handler?.(data, peer);
  }

  private lastFlightDue(peer: DtlsPeer): void {
    const { lastFlight } = peer.session;
    const now = this.clock.now();
    if (lastFlight === undefined) return;
    for (const datagram of lastFlight.due(now)) peer.lower?.send(datagram);
    if (now >= lastFlight.expiresAt) this.forgetLastFlight(peer);
    else this.lastFlights.set(peer, lastFlight.deadline);
  }

  private forgetLastFlight(peer: DtlsPeer): void {
    peer.session.lastFlight = undefined;
    this.lastFlights.delete(peer);
  }

  private tell(peer: DtlsPeer, alert: 'close_notify' | 'no_renegotiation'): void {
    const record = peer.session.sealAlert(alert);
    if (record !== undefined) peer.lower?.send(record);
  }

  private end(peer: DtlsPeer, reason: string): void {
    if (!this.connections.delete(peer)) return;
    this.lastFlights.delete(peer);
    this.keeper?.end(peer);
    peer.session.close();
    this.counters.ended.value++;
    this.log.debug({ peer: peer.address, reason }, 'DTLS session ends');
    this.ended?.(peer, reason);
  }

  /** Keys that are no longer valid: what was made with them ends, and cannot be resumed. */
  private revoke(identities: readonly Buffer[]): void {
    const revoked = new Set(identities.map(identityText));
    const isRevoked = (identity: Identity | undefined): boolean =>
      identity?.kind === 'psk' && revoked.has(identity.identity);
    this.resumption.forgetWhere((session) => isRevoked(session.identity));
    for (const peer of this.connections.peers()) {
      if (!isRevoked(peer.identity)) continue;
      this.tell(peer, 'close_notify');
      this.end(peer, 'its key was revoked');
    }
  }

  /** Room for one more session, made by ending the one silent for longest if that is long enough. */
  private hasRoom(): boolean {
    const { sessions, staleMs } = this.settings.limits;
    if (this.connections.sessions < sessions) return true;
    const [oldest] = this.connections.peers();
    if (oldest === undefined || this.clock.now() - oldest.session.lastSeen < staleMs) return false;
    this.end(oldest, 'silent for longest when there were too many');
    return true;
  }

  private sweepIdle(): void {
    const silentSince = this.clock.now() - this.settings.limits.idleMs;
    for (const peer of this.connections.peers()) {
      // In order of last hearing to within a minute, which is exact enough for an hour or a week.
      if (peer.session.lastSeen > silentSince) break;
      this.end(peer, 'silent for too long');
    }
    this.sweep = this.clock.after('dtls sweep', sweepMs, () => this.sweepIdle());
  }

  private readonly events = {
    unsent: (): void => void this.counters.unsent.value++,
    sealed: (peer: DtlsPeer): void => this.keeper?.sealed(peer),
    below: (lowerKey: string): Peer | undefined => this.lower.peerAt?.(lowerKey),
  };

  private keyOf(session: Session): string {
    // Joined, it is one text; a template would keep its parts beside it.
    return ['dtls', this.settings.name, session.name].join('|');
  }
}

function isSame(one: Session, other: Session): boolean {
  return one.identity !== undefined && JSON.stringify(one.identity) === JSON.stringify(other.identity);
}
