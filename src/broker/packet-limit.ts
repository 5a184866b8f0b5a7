import type { Duplex } from 'node:stream';
import type { Counter } from '../core/metrics.js';

/** Follows the packets in a stream of MQTT bytes by their fixed headers alone, and knows when one is too long. */
export class PacketLimit {
  private readonly maxBytes: number;
  private readonly packets: Counter;
  private readonly sizes = { skip: 0, shift: -1, length: 0 };

  /** `packets` counts those that begin. */
  constructor(maxBytes: number, packets: Counter) {
    this.maxBytes = maxBytes;
    this.packets = packets;
  }

  /** Whether the next bytes keep to the limit. After false no further bytes may be given. */
  accepts(chunk: Buffer): boolean {
    const { sizes } = this;
    let at = 0;
    while (at < chunk.length) {
      if (sizes.skip > 0) {
        const skipped = Math.min(sizes.skip, chunk.length - at);
        sizes.skip -= skipped;
        at += skipped;
      } else if (sizes.shift < 0) {
        // The first byte of a packet, its type; the remaining length follows [MQTT-2.2.3].
        sizes.shift = 0;
        sizes.length = 0;
        this.packets.value++;
        at++;
      } else {
        const byte = chunk[at++] as number;
        sizes.length += (byte & 0x7f) << sizes.shift;
        sizes.shift += 7;
        if (sizes.length > this.maxBytes || sizes.shift > 28) return false;
        if (byte < 0x80) {
          sizes.skip = sizes.length;
          sizes.shift = -1;
        }
      }
    }
    return true;
  }
}

/** Ends a connection whose client announces a packet longer than this, before its bytes are gathered. */
export function limitPackets(stream: Duplex, maxBytes: number, packets: Counter): void {
  const limit = new PacketLimit(maxBytes, packets);
  const read = stream.read.bind(stream);
  // At the one place where aedes takes bytes from a connection; a transform between would copy every byte.
  stream.read = (size?: number): unknown => {
    const chunk: unknown = read(size);
    if (!Buffer.isBuffer(chunk) || limit.accepts(chunk)) return chunk;
    stream.destroy(new Error(`a packet longer than ${maxBytes} bytes`));
    return null;
  };
}
