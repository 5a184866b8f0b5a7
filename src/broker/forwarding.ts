import type { AedesPublishPacket, Client } from 'aedes';
import type { ClientRules } from './client-rules.js';
import { grantedQos, isNew } from './client-state.js';

/** What waits for clients, as far as deliveries have to do with it. */
export interface ClientQueues {
  /** A client with a persistent session has been let in: its queue will be read. */
  expect(client: Client): void;
  /** Takes a message out of a client's queue that it may not have. */
  forget(client: Client, packet: AedesPublishPacket): void;
  /** Whether a message may be sent on this connection as it is published; false if it is, or has been, sent from the queue. */
  claim(client: Client, packet: AedesPublishPacket): boolean;
  /** Whether a message from the queue is being sent again. */
  isRepetition(client: Client, packet: AedesPublishPacket): boolean;
}

/** Decides what reaches an MQTT client, and with which QoS: aedes asks for every packet that it is about to send. */
export class Forwarding {
  private readonly rules: ClientRules;
  private readonly queues: ClientQueues;

  constructor(rules: ClientRules, queues: ClientQueues) {
    this.rules = rules;
    this.queues = queues;
  }

  /** A client has been let in. */
  expect(client: Client): void {
    if (!client.clean) this.queues.expect(client);
  }

  /** The packet to send, or null. A packet from the queue is itself the one that is sent. */
  forward(client: Client, packet: AedesPublishPacket): AedesPublishPacket | null {
    if (this.rules.restricts && !this.rules.mayReceive(this.rules.who(client), packet.topic)) {
      this.queues.forget(client, packet);
      return null;
    }
    if (packet.retain) return lowered(client, packet);
    if (isLive(packet)) {
      const wanted = isNew(client, packet) && (client.clean || packet.qos === 0 || this.queues.claim(client, packet));
      return wanted ? lowered(client, packet) : null;
    }
    if (this.queues.isRepetition(client, packet)) packet.dup = true;
    return packet;
  }
}

/** Whether a packet comes straight from its publisher: of these aedes notes whether they may go back to him. */
export const isLive = (packet: object): boolean => Object.hasOwn(packet, 'nl');

/** A packet with the QoS at which this client may have it [MQTT-3.8.4-6]. */
function lowered(client: Client, packet: AedesPublishPacket): AedesPublishPacket {
  // A live message of QoS 1 comes only through a subscription of at least QoS 1; a retained one through any.
  if (packet.qos === 0 || (packet.qos === 1 && !packet.retain)) return packet;
  const qos = grantedQos(client, packet.topic);
  return qos < packet.qos ? { ...packet, qos } : packet;
}
