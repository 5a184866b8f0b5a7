import type { OutgoingPacket } from './outgoing-queues.js';

/**
 * Reads a client's queue while the client comes back. What is published meanwhile goes to the end of the queue and is
 * read as well: until the reader has finished nothing may be sent past it, so that messages keep their order
 * [MQTT-4.6.0-6].
 */
export class QueueReader {
  /** Whether the queue has been emptied, and messages may be sent as they are published. */
  finished = false;
  private readonly unsent: () => Iterable<OutgoingPacket>;
  private underway = 0;
  private wake: (() => void) | undefined;

  /** `unsent` gives what has not been given yet. */
  constructor(unsent: () => Iterable<OutgoingPacket>) {
    this.unsent = unsent;
  }

  /** The packets to send, until there is none left and all have been sent. */
  async *packets(): AsyncIterable<OutgoingPacket> {
    for (;;) {
      let found = false;
      for (const packet of this.unsent()) {
        found = true;
        this.underway++;
        yield packet;
      }
      if (this.underway > 0) {
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
      } else if (!found) {
        this.finished = true;
        return;
      }
    }
  }

  /** A packet that was read is being sent. */
  sent(): void {
    this.underway--;
    if (this.underway <= 0) this.wake?.();
  }
}
