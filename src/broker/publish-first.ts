import type { Client, PublishPacket } from 'aedes';
import type { Message } from './port.js';

type Acknowledge = (error?: Error) => void;

interface Publication {
  readonly acknowledge: Acknowledge;
  ended: boolean;
  error: Error | undefined;
}

/**
 * Publishes what aedes would acknowledge before it publishes. aedes writes PUBACK as soon as it may, and only then looks
 * for subscribers and queues: a crash in between would lose a message that its publisher takes for delivered. Here the
 * hook that lets a message pass publishes it, and answers when all is done, in the order in which a client's messages
 * came [MQTT-4.6.0-2].
 */
export class PublishFirst {
  private readonly publish: (message: Message, done: (error?: Error) => void) => void;
  private readonly waiting = new WeakMap<Client, Publication[]>();

  constructor(publish: (message: Message, done: (error?: Error) => void) => void) {
    this.publish = publish;
  }

  /** Publishes a client's packet; `acknowledge` comes when it is safe and its predecessors are. */
  run(client: Client, packet: PublishPacket, acknowledge: Acknowledge): void {
    const publication: Publication = { acknowledge, ended: false, error: undefined };
    let queue = this.waiting.get(client);
    if (queue === undefined) {
      queue = [];
      this.waiting.set(client, queue);
    }
    queue.push(publication);
    const { topic, payload, qos, retain } = packet;
    const message = { topic, payload: typeof payload === 'string' ? Buffer.from(payload) : payload, qos, retain };
    this.publish(message, (error) => {
      publication.ended = true;
      publication.error = error ?? undefined;
      while (queue[0]?.ended === true) {
        const first = queue.shift() as Publication;
        first.acknowledge(first.error);
      }
    });
  }
}
