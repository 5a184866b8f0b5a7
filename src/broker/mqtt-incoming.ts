import type { IPublishPacket, Packet } from 'mqtt-packet';
import type { PacketJournal } from './packet-journal.js';

/** A message of the broker that has not been acknowledged. */
interface Arrived {
  readonly packet: IPublishPacket;
  /** The connection it came by; its acknowledgement goes there or nowhere. */
  readonly generation: number;
  /** When, ms. */
  readonly at: number;
}

/** What incoming messages need around them. */
export interface IncomingContext {
  readonly clientId: string;
  readonly journal: PacketJournal;
  send(packet: Packet): void;
  /** Hands a message to the owner. */
  hand(packet: IPublishPacket, taken: () => void, at: number): void;
  now(): number;
  /** So many wait that nothing more should be read, or no longer. */
  congested(is: boolean): void;
  /** A message had to wait because its device can take no more. */
  heldBack(): void;
}

/** Messages that may wait here before nothing more is read; with MQTT 5 the broker does not send so many. */
export const waitingLimit = 100;

/**
 * Messages of the broker for one client. A message is acknowledged when its owner has taken it, so whatever the owner has
 * no room for stays in the broker's charge; QoS 0 is not held back by it. Ids of QoS 2 messages are remembered until their
 * PUBREL, and over a crash.
 */
export class IncomingPackets {
  private readonly context: IncomingContext;
  private generation = 0;
  private waiting: Arrived[] | undefined;
  /** QoS 2 messages by id: being handed over, by which connection, or taken. */
  private received: Map<number, number | 'taken'> | undefined;
  private blocked = true;
  private full = false;
  private congested = false;
  private flushing = false;

  constructor(context: IncomingContext) {
    this.context = context;
  }

  /** Messages that wait for room. */
  get held(): number {
    return this.waiting?.length ?? 0;
  }

  /** Ids that the store has. */
  get kept(): number[] {
    return [...(this.received?.keys() ?? [])];
  }

  /** Whether something is being handed over. */
  get busy(): boolean {
    for (const state of this.received?.values() ?? []) if (state !== 'taken') return true;
    return false;
  }

  /** Takes up what a process before this one had taken. */
  restore(messageIds: readonly number[]): void {
    if (messageIds.length > 0) this.received = new Map(messageIds.map((id) => [id, 'taken']));
  }

  /** Nothing is handed over until `unblock`. */
  block(): void {
    this.blocked = true;
  }

  unblock(): void {
    if (!this.blocked) return;
    this.blocked = false;
    this.flush();
  }

  /** Whether the owner has no room for messages with QoS 1 and 2. */
  setFull(full: boolean): void {
    this.full = full;
    if (!full) this.flush();
  }

  /** The broker has no session: it will use the ids anew. */
  forget(): void {
    for (const messageId of this.received?.keys() ?? []) this.delete(messageId);
    this.received = undefined;
  }

  /** PUBREC of these has been heard by the broker, as it has heard what was sent after it: a PUBREL is answered anyhow. */
  forgetTaken(): void {
    for (const [messageId, state] of this.received ?? []) {
      if (state !== 'taken') continue;
      this.received?.delete(messageId);
      this.delete(messageId);
    }
  }

  /** The connection is gone; what was not taken comes again. */
  lost(): void {
    this.generation++;
    this.waiting = undefined;
    this.congested = false;
    this.blocked = true;
  }

  onPublish(packet: IPublishPacket): void {
    const arrived = { packet, generation: this.generation, at: this.context.now() };
    if (this.waiting === undefined && !this.mustWait(packet)) {
      this.hand(arrived);
      return;
    }
    this.waiting ??= [];
    this.waiting.push(arrived);
    if (this.full && packet.qos > 0) this.context.heldBack();
    if (!this.blocked) this.flush();
    else this.tellCongestion();
  }

  onPubRel(messageId: number): void {
    const { generation } = this;
    const comp = (): void => {
      if (generation === this.generation) this.context.send({ cmd: 'pubcomp', messageId });
    };
    if (this.received?.get(messageId) !== 'taken') {
      comp();
      return;
    }
    this.received.delete(messageId);
    if (this.received.size === 0) this.received = undefined;
    this.delete(messageId);
    // With PUBCOMP the broker may use the id again.
    this.context.journal.stored(comp);
  }

  private mustWait({ qos }: IPublishPacket): boolean {
    return this.blocked || (this.full && qos > 0);
  }

  /** Hands over what need not wait. QoS 0 overtakes what there is no room for. */
  private flush(): void {
    const { waiting } = this;
    if (waiting === undefined || this.flushing) return;
    this.flushing = true;
    this.flushAll(waiting);
    this.flushing = false;
    this.tellCongestion();
  }

  private flushAll(waiting: Arrived[]): void {
    let kept = 0;
    for (const [at, arrived] of waiting.entries()) {
      if (this.mustWait(arrived.packet)) waiting[kept++] = arrived;
      else this.hand(arrived);
      // The owner has closed or the connection is gone.
      if (this.waiting !== waiting) return;
      if (this.blocked) {
        waiting.splice(kept, at + 1 - kept);
        return;
      }
    }
    waiting.length = kept;
    if (kept === 0) this.waiting = undefined;
  }

  private tellCongestion(): void {
    const congested = this.full && this.held > waitingLimit;
    if (congested === this.congested) return;
    this.congested = congested;
    this.context.congested(congested);
  }

  private hand({ packet, generation, at }: Arrived): void {
    const { context } = this;
    const { qos, messageId = 0 } = packet;
    if (qos < 2) {
      context.hand(
        packet,
        () => {
          if (qos === 1 && generation === this.generation) context.send({ cmd: 'puback', messageId });
        },
        at,
      );
      return;
    }
    const known = this.received?.get(messageId);
    if (known === 'taken') context.send({ cmd: 'pubrec', messageId });
    if (known !== undefined) {
      // It is with the owner since an earlier connection: whichever there is when it is taken hears of it.
      if (known !== 'taken') this.received?.set(messageId, generation);
      return;
    }
    this.received ??= new Map();
    this.received.set(messageId, generation);
    // In the same batch as what the owner writes about it in this turn of the event loop: both are there or neither.
    context.journal.saveReceived(context.clientId, messageId);
    context.hand(
      packet,
      () => {
        const last = this.received?.get(messageId);
        if (last === undefined) return;
        this.received?.set(messageId, 'taken');
        if (last === this.generation) context.send({ cmd: 'pubrec', messageId });
      },
      at,
    );
  }

  private delete(messageId: number): void {
    this.context.journal.deleteReceived(this.context.clientId, messageId);
  }
}
