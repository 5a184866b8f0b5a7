import type { RecordWriter } from './flight.js';
import { dtls12, encodePlainRecord, headerLength } from './record.js';
import type { Session } from './session.js';

/** Writes the records of a handshake: plain ones from a sequence number on, sealed ones once there is a session. */
export class HandshakeWriter implements RecordWriter {
  session: Session | undefined;
  private sequence: number;

  constructor(firstSequence: number) {
    this.sequence = firstSequence;
  }

  plain(type: number, content: Uint8Array): Buffer {
    return encodePlainRecord(type, dtls12, this.sequence++, content);
  }

  sealed(type: number, content: Uint8Array): Buffer {
    // Nothing is sent rather than plain text in its place.
    return this.session?.seal(type, content) ?? Buffer.alloc(0);
  }

  overhead(sealed: boolean): number {
    return sealed && this.session !== undefined ? this.session.cipher.overhead(this.session.peerCid) : headerLength;
  }
}
