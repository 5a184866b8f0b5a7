import type { AedesPublishPacket } from 'aedes';
import { type ClientState, type Deliver, type Delivery, grantedQos } from './client-state.js';
import { encodePublish } from './publish-encoder.js';

/** The packet that may go to a client, or null. */
export type Forward = (client: ClientState, packet: AedesPublishPacket) => AedesPublishPacket | null;

const nothing: Buffer = Buffer.alloc(0);

/** A payload of at least this many bytes is not worth copying. */
const large = 4096;

/**
 * Sends a message of QoS 0 as one buffer, at once: aedes makes two packets of it and waits two turns, and mqtt-packet
 * writes it in five pieces. What aedes has under way for a client stays ahead: until that is written, aedes sends what
 * follows as well. A message for many is encoded once.
 */
export class FastDeliver {
  private readonly forward: Forward;
  /** The message encoded last: its number does not tell it from another, which a retained one may have brought along. */
  private readonly last = { topic: '', payload: nothing as string | Buffer, retain: false, bytes: nothing };

  constructor(forward: Forward) {
    this.forward = forward;
  }

  /** Takes over the deliveries to a client. */
  prepare(client: ClientState): void {
    const { deliver0, deliverQoS } = client;
    let underWay = 0;
    const leave = (deliver: Deliver, packet: Delivery, done: () => void): void => {
      underWay++;
      deliver(packet, () => {
        underWay--;
        done();
      });
    };
    client.deliver0 = (packet, done) => {
      // aedes takes the first filter found for the one that counts, instead of that with the highest QoS [MQTT-3.3.5-1].
      if (packet.qos > 0 && grantedQos(client, packet.topic) > 0) leave(deliverQoS, packet, done);
      else if (underWay === 0 && client.connected && packet.payload.length < large) this.deliver(client, packet, done);
      else leave(deliver0, packet, done);
    };
    client.deliverQoS = (packet, done) => {
      if (packet.qos === 0) client.deliver0(packet, done);
      else leave(deliverQoS, packet, done);
    };
  }

  private deliver(client: ClientState, packet: Delivery, done: () => void): void {
    const forwarded = packet.nl === true && packet.clientId === client.id ? null : this.forward(client, packet);
    if (forwarded === null) {
      done();
      return;
    }
    const { conn } = client;
    // Corked like every packet of mqtt-packet's, which is how packets are counted.
    conn.cork();
    const room = conn.write(this.encode(forwarded));
    conn.uncork();
    if (room || client.errored) done();
    else
      client.waitForDrain((error) => {
        client._onError(error);
        done();
      });
  }

  private encode({ topic, payload, retain }: AedesPublishPacket): Buffer {
    const { last } = this;
    if (last.payload !== payload || last.topic !== topic || last.retain !== retain) {
      last.topic = topic;
      last.payload = payload;
      last.retain = retain;
      last.bytes = encodePublish(topic, typeof payload === 'string' ? Buffer.from(payload) : payload, retain);
    }
    return last.bytes;
  }
}
