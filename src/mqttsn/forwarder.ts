import type { Identity, Peer } from '../core/datagram.js';
import { encode } from './encode.js';
import type { Encapsulated } from './packets.js';

/** A wireless node behind a forwarder: what is sent to it is wrapped again with its node id and radius [SN 5.5]. */
export class ForwardedPeer implements Peer {
  readonly key: string;
  readonly identity?: Identity;
  private readonly forwarder: Peer;
  private readonly radius: number;
  private readonly nodeId: Buffer;

  constructor(forwarder: Peer, packet: Encapsulated) {
    this.forwarder = forwarder;
    this.radius = packet.radius;
    this.nodeId = packet.nodeId;
    this.key = `${forwarder.key}/${packet.nodeId.toString('hex')}`;
    if (forwarder.identity !== undefined) this.identity = forwarder.identity;
  }

  get address(): string {
    return `${this.forwarder.address} node ${this.nodeId.toString('hex')}`;
  }

  send(message: Buffer): void {
    const { radius, nodeId } = this;
    this.forwarder.send(encode({ type: 'ENCAPSULATED', radius, nodeId, message }));
  }
}
