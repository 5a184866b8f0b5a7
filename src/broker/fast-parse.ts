import type { AedesParser, ClientState } from './client-state.js';
import { PacketCursor, type ReceivedPublish } from './publish-decoder.js';

/** Publishes a packet of QoS 0 as aedes would; false leaves it to aedes. The client reads on at `_nextBatch`. */
export type PublishNow = (client: ClientState, packet: ReceivedPublish) => boolean;

/**
 * Makes the `parse` of aedes' parsers, in the place of mqtt-packet's: PUBLISH packets and acknowledgements of connected
 * clients are decoded here at a fraction of the cost, and everything else goes to mqtt-packet, one packet at a time. What
 * it has of a packet that goes on in the next chunk is mqtt-packet's to know, so that no length is counted twice.
 */
export function fastParse(publishNow: PublishNow): AedesParser['parse'] {
  return function parse(this: AedesParser, chunk: Buffer): number {
    const { client } = this;
    if (client.closed) return 0;
    // aedes lets in no other versions than 3.1 and 3.1.1; until it has, packets wait in its queue.
    if (!client.connected) return this.parseSlowly(chunk);
    // Whoever is done with a packet makes aedes read on, but not before it has seen all of this chunk.
    client._parsingBatch++;
    const cursor = new PacketCursor(chunk, finishPacket(this, chunk));
    let heard = false;
    for (; cursor.at < chunk.length && !client.closed; cursor.at = cursor.end) {
      if (!cursor.whole()) {
        this.parseSlowly(chunk.subarray(cursor.at));
        break;
      }
      const packet = cursor.decode();
      if (packet === undefined) this.parseSlowly(chunk.subarray(cursor.at, cursor.end));
      else if (packet.cmd === 'publish' && packet.qos === 0 && publishNow(client, packet)) heard = true;
      else this.emit('packet', packet);
    }
    if (client.closed) return 0;
    if (heard && client._keepaliveInterval > 0) client._keepaliveTimer?.refresh();
    client._nextBatch();
    return 0;
  };
}

const readingLength = 1;
const readingBody = 2;

/** Gives mqtt-packet the rest of a packet whose beginning it has; gives where that ends in the chunk. */
function finishPacket(parser: AedesParser, chunk: Buffer): number {
  let at = 0;
  while (parser._stateCounter === readingLength && at < chunk.length && !parser.client.closed) {
    parser.parseSlowly(chunk.subarray(at, ++at));
  }
  if (parser._stateCounter !== readingBody || at === chunk.length || parser.client.closed) return at;
  const end = Math.min(at + parser.packet.length - parser._list.length, chunk.length);
  parser.parseSlowly(chunk.subarray(at, end));
  return end;
}
