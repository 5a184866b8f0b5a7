import type { Peer } from '../core/datagram.js';
import type { Log } from '../core/log.js';
import type { Counter, Metrics } from '../core/metrics.js';
import type { Client } from './client.js';
import { encode } from './encode.js';
import { format } from './format.js';
import type { Journal } from './journal.js';
import type { Packet } from './packets.js';

/** A packet that waits for the store. */
export interface Held {
  readonly peer: Peer;
  readonly packet: Packet;
}

/**
 * Sends to clients. What tells a client that something is kept must not go out before it is: after a crash in between the
 * client would rely on a subscription, a topic id or a sleep of which the gateway knows nothing.
 */
export class Outbox {
  private readonly journal: Journal | undefined;
  private readonly log: Log;
  private readonly sent: Counter;

  constructor(journal: Journal | undefined, { log, metrics }: { readonly log: Log; readonly metrics: Metrics }) {
    this.journal = journal;
    this.log = log;
    this.sent = metrics.counter('mqttsn.packets_sent');
  }

  /** Sends, in order behind what is held. */
  send({ peer, held }: Client, packet: Packet): void {
    if (peer === undefined) return;
    if (held === undefined) this.transmit(peer, packet);
    else held.at(-1)?.push({ peer, packet });
  }

  /** Holds back what is sent to this client from now on until everything written so far is in the store. */
  hold(client: Client): void {
    const { journal } = this;
    if (journal === undefined) return;
    client.held ??= [];
    client.held.push([]);
    journal.stored(() => this.release(client));
  }

  /** Commits come in the order in which they were waited for. */
  private release(client: Client): void {
    const first = client.held?.shift() ?? [];
    if (client.held?.length === 0) client.held = undefined;
    for (const { peer, packet } of first) this.transmit(peer, packet);
  }

  private transmit(peer: Peer, packet: Packet): void {
    if (this.log.isLevelEnabled('trace')) this.log.trace({ peer: peer.address }, `MQTT-SN out ${format(packet)}`);
    this.sent.value++;
    peer.send(encode(packet));
  }
}
