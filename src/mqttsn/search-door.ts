import type { DatagramHandler, DatagramPort, Peer } from '../core/datagram.js';
import { encode } from './encode.js';
import { msgTypes } from './packets.js';

/**
 * A port below DTLS that answers SEARCHGW itself, as a device must find the gateway before it can shake hands with it. The
 * answer comes from the port on which DTLS is spoken, which is how Paho's clients learn where that is.
 */
export class SearchDoor implements DatagramPort {
  private readonly lower: DatagramPort;
  private readonly info: Buffer;

  constructor(lower: DatagramPort, gatewayId: number) {
    this.lower = lower;
    this.info = encode({ type: 'GWINFO', gatewayId });
  }

  get name(): string {
    return this.lower.name;
  }

  start(handler: DatagramHandler): Promise<void> {
    return this.lower.start((datagram, from) => {
      if (isSearch(datagram)) from.send(this.info);
      else handler(datagram, from);
    });
  }

  stop(): Promise<void> {
    return this.lower.stop();
  }

  peerAt(key: string): Peer | undefined {
    return this.lower.peerAt?.(key);
  }
}

/** Length 3, type, radius; no record of DTLS is that short. */
function isSearch(datagram: Buffer): boolean {
  return datagram.length === 3 && datagram[0] === 3 && datagram[1] === msgTypes.SEARCHGW;
}
