import type { IPublishPacket, Packet } from 'mqtt-packet';
import type { KeptPublication, PacketJournal } from './packet-journal.js';
import type { Message } from './port.js';

/** The broker's answer to a publication: its reason code, below 128 if it was taken. */
export type Answered = (code: number) => void;

interface OnItsWay {
  readonly message: Message;
  readonly order: number;
  stage: 'storing' | 'publish' | 'releasing' | 'pubrel';
  /** Whether it was ever sent. */
  dup: boolean;
  /** Absent if it is of a process before this one. */
  readonly answered: Answered | undefined;
}

/** The wire that is there now, if any. */
export interface Sender {
  send(packet: Packet): void;
  packetOf(message: Message): IPublishPacket;
}

/**
 * Publications of one client with QoS 1 and 2 that the broker has not done with. They outlive the connection, and those
 * with QoS 2 the process: what has been sent is sent again with its message id.
 */
export class OutgoingPackets {
  private readonly clientId: string;
  private readonly journal: PacketJournal;
  private readonly sender: () => Sender | undefined;
  private byId: Map<number, OnItsWay> | undefined;
  private nextOrder = 1;

  constructor(clientId: string, journal: PacketJournal, sender: () => Sender | undefined) {
    this.clientId = clientId;
    this.journal = journal;
    this.sender = sender;
  }

  get size(): number {
    return this.byId?.size ?? 0;
  }

  has(messageId: number): boolean {
    return this.byId?.has(messageId) === true;
  }

  /** Takes up what a process before this one had on its way. */
  restore(messageId: number, order: number, message: Message | undefined): void {
    this.byId ??= new Map();
    this.nextOrder = Math.max(this.nextOrder, order + 1);
    const stage = message === undefined ? 'pubrel' : 'publish';
    this.byId.set(messageId, { message: message ?? nothing, order, stage, dup: true, answered: undefined });
  }

  /**
   * The end of the client's link: its owner has no answer and will publish again, so nothing of it is kept. Gives what a
   * process before this one had on its way, for the next link: its publisher may have been told that it is safe.
   */
  abandon(): KeptPublication[] {
    const left: KeptPublication[] = [];
    for (const [messageId, { message, order, stage, answered }] of this.byId ?? []) {
      if (answered === undefined) left.push({ messageId, order, message: stage === 'publish' ? message : undefined });
      else if (message.qos === 2) this.journal.deletePublication(this.clientId, messageId);
    }
    this.byId = undefined;
    return left;
  }

  publish(messageId: number, message: Message, answered: Answered): void {
    this.byId ??= new Map();
    const stage = message.qos === 2 ? 'storing' : 'publish';
    const packet: OnItsWay = { message, order: this.nextOrder++, stage, dup: false, answered };
    this.byId.set(messageId, packet);
    if (message.qos < 2) {
      this.send(messageId, packet);
      return;
    }
    // Before the broker has it: else a crash could leave it there with an id of which nobody knows.
    this.journal.savePublication(this.clientId, { messageId, order: packet.order, message });
    this.journal.stored(() => {
      packet.stage = 'publish';
      if (this.byId?.get(messageId) === packet) this.send(messageId, packet);
    });
  }

  /** PUBACK, PUBREC or PUBCOMP. */
  onAck(cmd: 'puback' | 'pubrec' | 'pubcomp', messageId: number, code: number): void {
    const packet = this.byId?.get(messageId);
    if (packet === undefined) {
      // So that the broker can finish [MQTT5 4.3.3].
      if (cmd === 'pubrec' && code < 128) this.sender()?.send({ cmd: 'pubrel', messageId });
      return;
    }
    const { qos } = packet.message;
    if (cmd === 'puback' ? qos === 1 : code >= 128 || (cmd === 'pubcomp' && packet.stage === 'pubrel')) {
      // That the broker does not know a released id any more means that it has done with it.
      this.finish(messageId, packet, cmd === 'pubcomp' ? 0 : code);
    } else if (cmd === 'pubrec' && packet.stage === 'publish') this.release(messageId, packet);
    else if (cmd === 'pubrec' && packet.stage === 'pubrel') this.send(messageId, packet);
  }

  /** There is a connection again: everything in its order. */
  resend(): void {
    const all = [...(this.byId ?? [])].sort(([, a], [, b]) => a.order - b.order);
    for (const [messageId, packet] of all) this.send(messageId, packet);
  }

  private release(messageId: number, packet: OnItsWay): void {
    packet.stage = 'releasing';
    this.journal.savePublication(this.clientId, { messageId, order: packet.order, message: undefined });
    this.journal.stored(() => {
      packet.stage = 'pubrel';
      if (this.byId?.get(messageId) === packet) this.send(messageId, packet);
    });
  }

  private send(messageId: number, packet: OnItsWay): void {
    const sender = this.sender();
    if (sender === undefined) return;
    switch (packet.stage) {
      case 'storing':
      case 'releasing':
        // Sent as soon as the store has it.
        return;
      case 'publish':
        sender.send({ ...sender.packetOf(packet.message), messageId, dup: packet.dup });
        packet.dup = true;
        return;
      case 'pubrel':
        sender.send({ cmd: 'pubrel', messageId });
    }
  }

  private finish(messageId: number, packet: OnItsWay, code: number): void {
    this.byId?.delete(messageId);
    if (packet.message.qos === 2) this.journal.deletePublication(this.clientId, messageId);
    packet.answered?.(code);
  }
}

const nothing: Message = { topic: '', payload: Buffer.alloc(0), qos: 2, retain: false };
