import { type AlertName, encodeAlert } from './alert.js';
import { type FlightItem, packFlight } from './flight.js';
import { encodeMessage } from './handshake-message.js';
import type { HandshakeStart } from './handshake-step.js';
import { contentTypes } from './record.js';
import { HandshakeWriter } from './record-writer.js';
import type { OutgoingMessage } from './server-flight.js';
import type { Session } from './session.js';
import type { Transcript } from './transcript.js';

/** The datagram size that gets through everywhere, tried when larger ones seem to be lost. */
const smallMtu = 508;

/** The server's current flight: numbers its messages, writes them into the transcript, and packs them as often as wanted. */
export class OutgoingFlight {
  private readonly transcript: Transcript;
  private readonly writer: HandshakeWriter;
  private readonly mtu: number;
  private readonly maxPlaintext: number;
  private items: FlightItem[] = [];
  private nextSeq: number;

  constructor(transcript: Transcript, from: HandshakeStart) {
    this.transcript = transcript;
    this.writer = new HandshakeWriter(from.recordSequence);
    this.mtu = from.settings.mtu;
    this.maxPlaintext = from.features.maxPlaintext;
    this.nextSeq = from.messageSeq;
  }

  /** What seals, once there are keys. */
  set session(session: Session) {
    this.writer.session = session;
  }

  /** A new flight: what was sent before is not sent again. */
  begin(): void {
    this.items = [];
  }

  append(outgoing: OutgoingMessage, sealed: boolean): void {
    const message = encodeMessage(outgoing.type, this.nextSeq++, outgoing.body);
    this.transcript.add(message);
    this.items.push({ kind: 'message', message, sealed });
  }

  changeCipherSpec(): void {
    this.items.push({ kind: 'changeCipherSpec' });
  }

  /** The flight as datagrams, each record with a number of its own. */
  pack(inSmallPieces: boolean): Buffer[] {
    const mtu = inSmallPieces ? Math.min(smallMtu, this.mtu) : this.mtu;
    return packFlight(this.items, this.writer, { mtu, maxPlaintext: this.maxPlaintext });
  }

  /** An alert as a plain record. */
  alert(name: AlertName): Buffer {
    return this.writer.plain(contentTypes.alert, encodeAlert(name));
  }
}
