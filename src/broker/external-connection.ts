import type { Duplex } from 'node:stream';
import type { IConnackPacket, IConnectPacket, IPublishPacket, Packet } from 'mqtt-packet';
import type { Clock, Timer } from '../core/clock.js';
import { IncomingPackets, waitingLimit } from './mqtt-incoming.js';
import { type Answered, OutgoingPackets, type Sender } from './mqtt-outgoing.js';
import { MqttWire } from './mqtt-wire.js';
import type { PacketJournal } from './packet-journal.js';
import type { Message, QoS } from './port.js';

/** Why there is no connection any more, or none came about. */
export type Loss =
  | { readonly kind: 'refused'; readonly code: number; readonly message: string }
  /** The broker said DISCONNECT, as MQTT 5 lets it. */
  | { readonly kind: 'told'; readonly code: number }
  /** The other side ended it without a word. */
  | { readonly kind: 'closed'; readonly before: 'CONNACK' | 'any loss of ours' }
  | { readonly kind: 'broken'; readonly message: string };

/** What a connection tells its owner. */
export interface ConnectionEvents {
  connected(connack: IConnackPacket): void;
  /** Once for each `connect` that was not ended by its owner. */
  lost(loss: Loss): void;
  /** `at` is when it came, ms. */
  message(packet: IPublishPacket, taken: () => void, at: number): void;
  /** A message waits because there is no room for it. */
  heldBack?(): void;
}

/** What a connection is made of. */
export interface ConnectionParts {
  /** The CONNECT, without what changes from one connection to the next. */
  readonly packet: IConnectPacket;
  /** By which the journal knows the client. */
  readonly name: string;
  readonly connectTimeoutMs: number;
  readonly open: () => Duplex;
  readonly journal: PacketJournal;
  readonly clock: Clock;
}

/** The answer to SUBSCRIBE or UNSUBSCRIBE: a reason code, or undefined if none came. */
type Granted = (code: number | undefined) => void;

/** How long the last acknowledgements and the end of the connection may take, ms. */
const farewellMs = 1000;

/**
 * A connection to a broker elsewhere that may be made again. What is on its way with QoS 1 and 2 is kept over a loss and
 * sent again with its message id, so that a publication with QoS 2 stays one when the broker kept the session too.
 */
export class Connection implements Sender {
  private readonly parts: ConnectionParts;
  private readonly events: ConnectionEvents;
  private readonly outgoing: OutgoingPackets;
  private readonly incoming: IncomingPackets;
  private wire: MqttWire | undefined;
  private connected = false;
  private loss: Loss | undefined;
  private ending: { readonly packet: Packet; readonly done: () => void; said: boolean } | undefined;
  private timer: Timer | undefined;
  private asked: Map<number, Granted> | undefined;
  private lastId = 0;
  private limits: IConnackPacket['properties'];

  constructor(parts: ConnectionParts, events: ConnectionEvents) {
    const { name, journal, clock } = parts;
    this.parts = parts;
    this.events = events;
    this.outgoing = new OutgoingPackets(name, journal, () => (this.connected ? this : undefined));
    this.incoming = new IncomingPackets({
      clientId: name,
      journal,
      send: (packet) => this.send(packet),
      hand: (packet, taken, at) => events.message(packet, taken, at),
      now: () => clock.now(),
      congested: (is) => (is ? this.wire?.pause() : this.wire?.resume()),
      heldBack: () => events.heldBack?.(),
    });
    const kept = journal.take(name);
    this.incoming.restore(kept?.received ?? []);
    for (const { messageId, order, message } of kept?.publications ?? []) {
      this.outgoing.restore(messageId, order, message);
    }
  }

  get version(): 4 | 5 {
    return this.parts.packet.protocolVersion === 5 ? 5 : 4;
  }

  /** Whether the broker keeps the session over a loss although its first connection asked for a clean one. */
  get keepsCleanSession(): boolean {
    return this.version === 5 && (this.parts.packet.properties?.sessionExpiryInterval ?? 0) > 0;
  }

  /** Bytes that the socket has not taken yet. */
  get unsent(): number {
    return this.wire?.unsent ?? 0;
  }

  /** Publications that the broker has not done with. */
  get onTheWay(): number {
    return this.outgoing.size;
  }

  /** Begins to connect; `connected` or `lost` follows. */
  connect(clean: boolean, will: Message | undefined): void {
    const { packet, open, clock, connectTimeoutMs } = this.parts;
    this.loss = undefined;
    const wire = new MqttWire(open(), this.version, clock, {
      packet: (received) => this.onPacket(received),
      closed: (error) => this.onClosed(error),
    });
    this.wire = wire;
    this.timer = clock.after('mqtt connect', connectTimeoutMs, () => wire.break(new Error('no CONNACK in time')));
    const properties = this.version === 5 ? { ...packet.properties, receiveMaximum: waitingLimit } : undefined;
    wire.send({
      ...packet,
      clean,
      ...(will === undefined ? {} : { will: { ...will } }),
      ...(properties === undefined ? {} : { properties }),
    });
  }

  /** With QoS 1 and 2 `answered` comes when the broker has acknowledged; with QoS 0 it does not come. */
  publish(message: Message, answered: Answered): void {
    const { maximumPacketSize, maximumQoS } = this.limits ?? {};
    const tooLong =
      maximumPacketSize !== undefined && message.payload.length + message.topic.length * 3 + 64 > maximumPacketSize;
    // The broker would end the connection.
    if (tooLong) answered(149);
    else if (maximumQoS !== undefined && message.qos > maximumQoS) answered(155);
    else if (message.qos === 0) this.send(this.packetOf(message));
    else this.outgoing.publish(this.nextId(), message, answered);
  }

  /** `id` is a subscription identifier, `quiet` asks for no retained messages; either needs MQTT 5. */
  subscribe(
    topic: string,
    { qos, id, quiet }: { readonly qos: QoS; readonly id: number | undefined; readonly quiet: boolean },
    granted: Granted,
  ): void {
    this.ask(granted, (messageId) => ({
      cmd: 'subscribe',
      messageId,
      subscriptions: [{ topic, qos, ...(this.version === 5 ? { nl: false, rap: false, rh: quiet ? 2 : 0 } : {}) }],
      ...(id === undefined ? {} : { properties: { subscriptionIdentifier: id } }),
    }));
  }

  unsubscribe(filter: string, done: Granted): void {
    this.ask(done, (messageId) => ({ cmd: 'unsubscribe', messageId, unsubscriptions: [filter] }));
  }

  /** Whether the owner has no room for messages with QoS 1 and 2: they stay in the broker's charge. */
  setFull(full: boolean): void {
    this.incoming.setFull(full);
  }

  /** Says DISCONNECT once what is on its way has been acknowledged, or after a second; the broker drops the will. */
  end(forgetSession: boolean, done: () => void): void {
    const properties = forgetSession && this.version === 5 ? { properties: { sessionExpiryInterval: 0 } } : {};
    if (!this.begun(done)) return;
    this.ending = { packet: { cmd: 'disconnect', ...properties }, done, said: false };
    if (!this.connected) this.wire?.break();
    else {
      this.timer = this.parts.clock.after('mqtt farewell', farewellMs, () => this.sayGoodbye());
      this.goIfDone();
    }
  }

  /** Ends without a word, so that the broker publishes the will. `elsewhere`: the session goes on at another client. */
  break(elsewhere: boolean, done: () => void): void {
    if (elsewhere) this.incoming.forget();
    if (!this.begun(done)) return;
    this.ending = { packet: { cmd: 'disconnect' }, done, said: true };
    this.wire?.break();
  }

  send(packet: Packet): void {
    this.wire?.send(packet);
  }

  packetOf({ topic, payload, qos, retain, expiresAt, correlationData }: Message): IPublishPacket {
    const packet: IPublishPacket = { cmd: 'publish', topic, payload, qos, retain, dup: false };
    if (this.version === 5 && (expiresAt !== undefined || correlationData !== undefined)) {
      const left = ((expiresAt ?? 0) - this.parts.clock.now()) / 1000;
      packet.properties = {
        ...(expiresAt === undefined ? {} : { messageExpiryInterval: Math.max(1, Math.round(left)) }),
        ...(correlationData === undefined ? {} : { correlationData }),
      };
    }
    return packet;
  }

  /** False if there is nothing to end. */
  private begun(done: () => void): boolean {
    this.timer?.cancel();
    if (this.wire !== undefined) return true;
    this.ended(done);
    return false;
  }

  /** For good: what is open is the next connection's of this client. */
  private ended(done: () => void): void {
    const { journal, name } = this.parts;
    journal.giveBack(name, { publications: this.outgoing.abandon(), received: this.incoming.kept });
    done();
  }

  private ask(done: Granted, packet: (messageId: number) => Packet): void {
    if (!this.connected) {
      done(undefined);
      return;
    }
    const messageId = this.nextId();
    this.asked ??= new Map();
    this.asked.set(messageId, done);
    // What comes because of a subscription comes after its SUBACK to the owner.
    this.incoming.block();
    this.send(packet(messageId));
  }

  private nextId(): number {
    do this.lastId = this.lastId >= 0xffff ? 1 : this.lastId + 1;
    while (this.outgoing.has(this.lastId) || this.asked?.has(this.lastId) === true);
    return this.lastId;
  }

  private onPacket(packet: Packet): void {
    switch (packet.cmd) {
      case 'connack':
        return this.onConnack(packet);
      case 'publish':
        return this.incoming.onPublish(packet);
      case 'pubrel':
        return this.incoming.onPubRel(packet.messageId ?? 0);
      case 'puback':
      case 'pubrec':
      case 'pubcomp':
        this.outgoing.onAck(packet.cmd, packet.messageId ?? 0, packet.reasonCode ?? 0);
        return this.goIfDone();
      case 'suback': {
        const [granted] = packet.granted;
        return this.answered(packet.messageId, typeof granted === 'number' ? granted : 0);
      }
      case 'unsuback':
        return this.answered(packet.messageId, packet.granted?.[0] ?? 0);
      case 'disconnect':
        this.loss = { kind: 'told', code: packet.reasonCode ?? 0 };
        return;
      default:
    }
  }

  private onConnack(connack: IConnackPacket): void {
    const { packet } = this.parts;
    const code = connack.reasonCode ?? connack.returnCode ?? 0;
    this.timer?.cancel();
    if (code > 0) {
      this.loss = { kind: 'refused', code, message: `refused by the broker with code ${code}` };
      this.wire?.break();
      return;
    }
    this.connected = true;
    this.limits = connack.properties;
    this.wire?.keep(connack.properties?.serverKeepAlive ?? packet.keepalive ?? 0);
    if (!connack.sessionPresent) this.incoming.forget();
    this.outgoing.resend();
    this.events.connected(connack);
    // The opener has its link before what waited for it arrives.
    setImmediate(() => this.unblock());
  }

  private answered(messageId = 0, code: number): void {
    const done = this.asked?.get(messageId);
    this.asked?.delete(messageId);
    done?.(code);
    this.unblock();
  }

  private unblock(): void {
    if (this.connected && (this.asked?.size ?? 0) === 0) this.incoming.unblock();
  }

  private goIfDone(): void {
    if (this.ending !== undefined && this.outgoing.size === 0 && !this.incoming.busy) this.sayGoodbye();
  }

  private sayGoodbye(): void {
    const { ending } = this;
    if (ending === undefined || ending.said) return;
    ending.said = true;
    this.timer?.cancel();
    this.send(ending.packet);
    this.incoming.forgetTaken();
    this.wire?.end(farewellMs);
  }

  private onClosed(error: Error | undefined): void {
    const before = this.connected ? 'any loss of ours' : 'CONNACK';
    this.wire = undefined;
    this.connected = false;
    this.timer?.cancel();
    this.incoming.lost();
    const asked = [...(this.asked?.values() ?? [])];
    this.asked = undefined;
    for (const done of asked) done(undefined);
    if (this.ending !== undefined) this.ended(this.ending.done);
    else this.events.lost(this.loss ?? lossOf(error, before));
  }
}

/** Errors of the network while connected are the other side's doing. */
function lossOf(error: Error | undefined, before: 'CONNACK' | 'any loss of ours'): Loss {
  const reset = error !== undefined && 'code' in error && before !== 'CONNACK';
  return error === undefined || reset ? { kind: 'closed', before } : { kind: 'broken', message: error.message };
}
