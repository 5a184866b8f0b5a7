import type { Clock } from '../core/clock.js';
import type { DatagramHandler, DatagramPort, Identity, Peer } from '../core/datagram.js';

/** Shares of datagrams, each 0 to 1, and how late a delayed one is at most. */
export interface Loss {
  readonly drop: number;
  readonly duplicate: number;
  /** Share that is held back, so that later ones overtake it. */
  readonly reorder: number;
  readonly reorderMs?: number;
}

/** A bad link around a good port, in both directions. For tests. */
export class LossyPort implements DatagramPort {
  private readonly inner: DatagramPort;
  private readonly pass: (run: () => void) => void;

  constructor(inner: DatagramPort, loss: Loss, clock: Clock, random: () => number) {
    this.inner = inner;
    this.pass = lossyLink(loss, clock, random);
  }

  get name(): string {
    return `lossy ${this.inner.name}`;
  }

  start(handler: DatagramHandler): Promise<void> {
    return this.inner.start((datagram, peer) => {
      const far = new LossyPeer(peer, this.pass);
      this.pass(() => handler(Buffer.from(datagram), far));
    });
  }

  stop(): Promise<void> {
    return this.inner.stop();
  }
}

/** One direction of a bad link: runs what is given no, one or two times, at once or late. */
export function lossyLink(loss: Loss, clock: Clock, random: () => number): (run: () => void) => void {
  const once = (run: () => void): void => {
    if (random() < loss.reorder) clock.after('lossy reorder', random() * (loss.reorderMs ?? 20), run);
    else run();
  };
  return (run) => {
    if (random() < loss.drop) return;
    once(run);
    if (random() < loss.duplicate) once(run);
  };
}

class LossyPeer implements Peer {
  readonly key: string;
  readonly identity?: Identity;
  private readonly inner: Peer;
  private readonly pass: (run: () => void) => void;

  constructor(inner: Peer, pass: (run: () => void) => void) {
    this.inner = inner;
    this.pass = pass;
    this.key = inner.key;
    if (inner.identity !== undefined) this.identity = inner.identity;
  }

  get address(): string {
    return this.inner.address;
  }

  send(datagram: Buffer): void {
    const copy = Buffer.from(datagram);
    this.pass(() => this.inner.send(copy));
  }
}
