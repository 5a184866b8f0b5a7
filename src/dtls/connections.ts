import { cidText } from './cid.js';
import type { DtlsPeer } from './peer.js';
import type { Pending } from './pending.js';

/** To within how long peers stand in the order in which they were heard. */
const rankMs = 60_000;

/** Every connection of an endpoint, and by what it is found: address, connection id, name. */
export class Connections {
  private readonly pendings = new Map<string, Pending>();
  private readonly pendingsByCid = new Map<string, Pending>();
  private readonly byAddress = new Map<string, DtlsPeer>();
  private readonly byCid = new Map<string, DtlsPeer>();
  /** In the order in which they were last heard, to within `rankMs`. */
  private readonly byKey = new Map<string, DtlsPeer>();

  get sessions(): number {
    return this.byKey.size;
  }

  get handshakes(): number {
    return this.pendings.size;
  }

  pendingAt(address: string): Pending | undefined {
    return this.pendings.get(address);
  }

  pendingWithCid(cid: Buffer): Pending | undefined {
    return this.pendingsByCid.get(cidText(cid));
  }

  /** Every handshake in progress. */
  allPending(): Pending[] {
    return [...this.pendings.values()];
  }

  addPending(pending: Pending): void {
    this.pendings.set(pending.lower.key, pending);
    if (pending.cid.length > 0) this.pendingsByCid.set(pending.cid, pending);
  }

  /** Removes a handshake; false if it had been removed before. */
  deletePending(pending: Pending): boolean {
    if (this.pendings.get(pending.lower.key) !== pending) return false;
    if (pending.cid.length > 0) this.pendingsByCid.delete(pending.cid);
    return this.pendings.delete(pending.lower.key);
  }

  peerAt(address: string): DtlsPeer | undefined {
    return this.byAddress.get(address);
  }

  peerWithCid(cid: Buffer): DtlsPeer | undefined {
    return this.byCid.get(cidText(cid));
  }

  peer(key: string): DtlsPeer | undefined {
    return this.byKey.get(key);
  }

  /** All peers, the one not heard for longest first. */
  peers(): IterableIterator<DtlsPeer> {
    return this.byKey.values();
  }

  /** Files a peer; at its address it takes the place of another. */
  add(peer: DtlsPeer): void {
    const { ownCid, lastSeen } = peer.session;
    peer.rank = rankOf(lastSeen);
    this.byKey.set(peer.key, peer);
    this.byAddress.set(peer.lowerKey, peer);
    if (ownCid.length > 0) this.byCid.set(ownCid, peer);
  }

  /** Removes a peer; false if it had been removed before. */
  delete(peer: DtlsPeer): boolean {
    const { ownCid } = peer.session;
    if (this.byAddress.get(peer.lowerKey) === peer) this.byAddress.delete(peer.lowerKey);
    if (ownCid.length > 0 && this.byCid.get(ownCid) === peer) this.byCid.delete(ownCid);
    return this.byKey.delete(peer.key);
  }

  /** Files a peer under a new address, unless there is one that can be found by nothing else. */
  move(peer: DtlsPeer, address: string): void {
    if (this.byAddress.get(peer.lowerKey) === peer) this.byAddress.delete(peer.lowerKey);
    peer.lowerKey = address;
    const there = this.byAddress.get(address);
    if (there === undefined || there.session.ownCid.length > 0) this.byAddress.set(address, peer);
  }

  /** A peer has been heard. */
  heard(peer: DtlsPeer, now: number): void {
    const rank = rankOf(now);
    if (rank === peer.rank) return;
    peer.rank = rank;
    this.byKey.delete(peer.key);
    this.byKey.set(peer.key, peer);
  }

  /** Whether a connection id is in use. */
  hasCid(cid: Buffer): boolean {
    return this.byCid.has(cidText(cid)) || this.pendingsByCid.has(cidText(cid));
  }

  /** Forgets everything. */
  clear(): void {
    for (const map of [this.pendings, this.pendingsByCid, this.byAddress, this.byCid, this.byKey]) map.clear();
  }
}

/** A small number, as V8 keeps it without a box. */
const rankOf = (now: number): number => Math.floor(now / rankMs);
