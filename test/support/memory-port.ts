import type { DatagramHandler, DatagramPort, Identity, Peer } from '#src/core/datagram.js';

/** A peer in memory: what is sent to it is kept. */
export class MemoryPeer implements Peer {
  readonly key: string;
  readonly address: string;
  readonly identity?: Identity;
  readonly received: Buffer[] = [];
  /** Called for each datagram sent to this peer. */
  onDatagram: ((datagram: Buffer) => void) | undefined;

  constructor(key: string, identity?: Identity) {
    this.key = key;
    this.address = key;
    if (identity !== undefined) this.identity = identity;
  }

  send(datagram: Buffer): void {
    this.received.push(Buffer.from(datagram));
    this.onDatagram?.(datagram);
  }

  /** Takes everything received so far, as hex. */
  take(): string[] {
    return this.received.splice(0).map((datagram) => datagram.toString('hex'));
  }
}

/** A DatagramPort in memory: a test puts datagrams in and reads its peers' mail. */
export class MemoryPort implements DatagramPort {
  readonly name: string;
  private readonly peers: Map<string, MemoryPeer>;
  private handler: DatagramHandler | undefined;

  /** With the peers of another port: the same devices meet a gateway that was restarted. */
  constructor(name = 'memory', before?: MemoryPort) {
    this.name = name;
    this.peers = before?.peers ?? new Map();
  }

  /** The peer with this key, made at its first mention. */
  known(key: string, identity?: Identity): MemoryPeer {
    const peer = this.peers.get(key) ?? new MemoryPeer(key, identity);
    this.peers.set(key, peer);
    return peer;
  }

  /** Throws away what the peers have received. */
  emptyMail(): void {
    for (const peer of this.peers.values()) peer.take();
  }

  /** From now on this is the peer with its key. */
  know(peer: MemoryPeer): void {
    this.peers.set(peer.key, peer);
  }

  peerAt(key: string): Peer | undefined {
    if (key.includes('/')) return undefined;
    return { key, address: key, send: (datagram) => this.known(key).send(datagram) };
  }

  async start(handler: DatagramHandler): Promise<void> {
    this.handler = handler;
  }

  async stop(): Promise<void> {
    this.handler = undefined;
  }

  /** A datagram arrives from a peer. */
  deliver(datagram: Buffer | string, peer: Peer): void {
    this.handler?.(typeof datagram === 'string' ? Buffer.from(datagram.replaceAll(' ', ''), 'hex') : datagram, peer);
  }
}
