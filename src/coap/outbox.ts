import type { Peer } from '../core/datagram.js';
import type { Log } from '../core/log.js';
import { encodeEmpty, encodeMessage } from './encode.js';
import { formatMessage } from './format.js';
import type { EmptyMessage, Message } from './message.js';

/** Where every message leaves: encodes, traces and sends. */
export class Outbox {
  private readonly log: Log;

  constructor(log: Log) {
    this.log = log;
  }

  /** Sends a message and gives back its datagram, for repetition. A RangeError, and nothing sent, if it is too large. */
  send(message: Message, peer: Peer): Buffer {
    const datagram = this.encode(message, peer);
    peer.send(datagram);
    return datagram;
  }

  /** A message as a datagram that is to be sent later, or more than once. */
  encode(message: Message, peer: Peer): Buffer {
    const datagram = encodeMessage(message);
    if (this.log.isLevelEnabled('trace'))
      this.log.trace({ peer: peer.address }, `to device: ${formatMessage(message)}`);
    return datagram;
  }

  /** Sends an empty message. */
  empty(type: EmptyMessage['type'], mid: number, peer: Peer): void {
    if (this.log.isLevelEnabled('trace')) {
      this.log.trace({ peer: peer.address }, `to device: ${formatMessage({ kind: 'empty', type, mid })}`);
    }
    peer.send(encodeEmpty(type, mid));
  }
}
