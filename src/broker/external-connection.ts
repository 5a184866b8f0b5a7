import mqtt, { type IClientOptions, type IConnackPacket, type IPublishPacket, type MqttClient } from 'mqtt';
import type { Clock, Timer } from '../core/clock.js';
import { codeOf } from './external-answers.js';
import { gatherWrites } from './gather-writes.js';
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
  message(packet: IPublishPacket, taken: () => void): void;
}

/** How long the last acknowledgements and the end of the connection may take, ms. */
const farewellMs = 1000;

/**
 * A connection to a broker elsewhere that may be made again. What is on its way with QoS 1 and 2 is kept over a loss and
 * sent again with its message id, so that a publication with QoS 2 stays one when the broker kept the session too.
 */
export class Connection {
  private readonly options: IClientOptions;
  private readonly clock: Clock;
  private readonly events: ConnectionEvents;
  private client: MqttClient | undefined;
  /** Whether there is a stream. */
  private live = false;
  private connected = false;
  private everConnected = false;
  private generation = 0;
  private loss: Loss | undefined;
  private ended: (() => void) | undefined;
  private held: (() => void) | undefined;
  /** The QoS 2 message that the owner has not taken yet, and who asks for it again after a loss. */
  private handing: { readonly messageId: number | undefined; again: (() => void) | undefined } | undefined;
  private subscribing = 0;
  private late: Timer | undefined;

  constructor(options: IClientOptions, clock: Clock, events: ConnectionEvents) {
    this.options = options;
    this.clock = clock;
    this.events = events;
  }

  get version(): 4 | 5 {
    return this.options.protocolVersion === 5 ? 5 : 4;
  }

  /** Whether the broker keeps the session over a loss although its first connection asked for a clean one. */
  get keepsCleanSession(): boolean {
    return this.version === 5 && (this.options.properties?.sessionExpiryInterval ?? 0) > 0;
  }

  /** Begins to connect; `connected` or `lost` follows. */
  connect(clean: boolean, will: Message | undefined): void {
    this.loss = undefined;
    this.live = true;
    const { client } = this;
    if (client === undefined) {
      this.client = this.create({ ...this.options, clean, ...(will === undefined ? {} : { will }) });
      return;
    }
    client.options.clean = clean;
    client.options.will = will;
    const { incomingStore, outgoingStore } = client;
    client.reconnect({ incomingStore, outgoingStore });
  }

  /** `done` comes when the broker has acknowledged; with QoS 0 when it is written. */
  publish({ topic, payload, qos, retain }: Message, done: (error?: unknown) => void): void {
    if (qos === 0) {
      this.client?.publish(topic, payload, { qos, retain });
      done();
    } else this.client?.publish(topic, payload, { qos, retain }, done);
  }

  /** `id` is a subscription identifier, `quiet` asks for no retained messages; either needs MQTT 5. */
  subscribe(
    filter: string,
    { qos, id, quiet }: { readonly qos: QoS; readonly id: number | undefined; readonly quiet: boolean },
    done: (error: unknown, granted: number) => void,
  ): void {
    this.subscribing++;
    const properties = id === undefined ? {} : { properties: { subscriptionIdentifier: id } };
    this.client?.subscribe(filter, { qos, rh: quiet ? 2 : 0, ...properties }, (error, grants, suback) => {
      this.subscribing--;
      const granted = suback?.granted[0] ?? grants?.[0]?.qos ?? qos;
      done(error, typeof granted === 'number' ? granted : qos);
    });
  }

  unsubscribe(filter: string, done: (error?: unknown) => void): void {
    this.client?.unsubscribe(filter, done);
  }

  /** Bytes that the socket has not taken yet. */
  get unsent(): number {
    return this.client?.stream.writableLength ?? 0;
  }

  /** Says DISCONNECT once what is on its way has been acknowledged, or after a second; the broker drops the will. */
  end(forgetSession: boolean, done: () => void): void {
    const farewell = forgetSession && this.options.protocolVersion === 5;
    this.finish(!this.connected, farewell ? { properties: { sessionExpiryInterval: 0 } } : {}, done);
  }

  /** Ends without a word, so that the broker publishes the will. */
  break(done: () => void): void {
    this.finish(true, {}, done);
  }

  private finish(forced: boolean, packet: object, done: () => void): void {
    const { client } = this;
    if (client === undefined || !this.live) {
      this.client = undefined;
      done();
      return;
    }
    this.ended = done;
    client.end(forced, packet);
    this.late = this.clock.after('mqtt farewell', farewellMs, () => client.stream.destroy());
  }

  private create(options: IClientOptions): MqttClient {
    const client = mqtt.connect(options);
    client.on('connect', (connack) => this.onConnect(client, connack));
    client.on('disconnect', ({ reasonCode = 0 }) => {
      this.loss = { kind: 'told', code: reasonCode };
    });
    client.on('error', (error) => this.onError(error));
    client.on('close', () => this.onClose());
    client.handleMessage = (packet, callback) => this.receive(client, packet, callback);
    return client;
  }

  private onConnect(client: MqttClient, connack: IConnackPacket): void {
    gatherWrites(client.stream);
    this.connected = true;
    this.everConnected = true;
    // A client that wants a clean session flushes what is on its way when it loses its connection.
    client.options.clean = false;
    this.events.connected(connack);
    const { held } = this;
    this.held = undefined;
    // The opener has its link before what waited for it arrives.
    if (held !== undefined) setImmediate(held);
  }

  private onError(error: Error): void {
    const code = codeOf(error);
    if (!this.connected && code > 0) this.loss = { kind: 'refused', code, message: error.message };
    // A reset is the other side's doing, and only the mqtt package has errors without a text for a code.
    else if (!this.connected || !('code' in error) || code > 0)
      this.loss ??= { kind: 'broken', message: error.message };
  }

  private onClose(): void {
    if (!this.live) return;
    const before = this.connected ? 'any loss of ours' : 'CONNACK';
    this.live = false;
    this.connected = false;
    this.held = undefined;
    this.generation++;
    this.late?.cancel();
    const { ended } = this;
    if (ended !== undefined) {
      this.client = undefined;
      ended();
    } else this.events.lost(this.loss ?? { kind: 'closed', before });
  }

  private receive(client: MqttClient, packet: IPublishPacket, acknowledge: () => void): void {
    const { handing, generation } = this;
    if (handing !== undefined && packet.qos === 2 && handing.messageId === packet.messageId) {
      handing.again = acknowledge;
      return;
    }
    if (!this.everConnected) this.held = () => this.hand(client, packet, acknowledge);
    // SUBACK has been read, but its callback comes a few microtasks later.
    else if (this.subscribing > 0) {
      setImmediate(() => {
        if (generation === this.generation) this.hand(client, packet, acknowledge);
      });
    } else this.hand(client, packet, acknowledge);
  }

  private hand(client: MqttClient, packet: IPublishPacket, acknowledge: () => void): void {
    const { generation } = this;
    const handing = { messageId: packet.messageId, again: undefined as (() => void) | undefined };
    if (packet.qos === 2) this.handing = handing;
    this.events.message(packet, () => {
      if (this.handing === handing) this.handing = undefined;
      if (handing.again !== undefined) handing.again();
      else if (generation === this.generation) acknowledge();
      // Its acknowledgement belonged to a connection that is gone; a PUBREL that comes again delivers it no more.
      else if (packet.qos === 2) client.incomingStore.del(packet, () => {});
    });
  }
}
