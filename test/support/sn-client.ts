import { createSocket, type Socket } from 'node:dgram';
import type { QoS } from '#src/broker/port.js';
import { Reader } from '#src/core/bytes.js';
import { DecodeError } from '#src/core/errors.js';
import { decode } from '#src/mqttsn/decode.js';
import { encode } from '#src/mqttsn/encode.js';
import type { Connect, Packet, Publish } from '#src/mqttsn/packets.js';

/** A will that is given with CONNECT. */
export interface SnWill {
  readonly topic: string;
  readonly payload: string;
  readonly qos: QoS;
  readonly retain?: boolean;
}

/** An MQTT-SN client over real UDP, which does each handshake to its end and keeps what it receives. */
export class SnClient {
  /** As `topic qos retain payload`. */
  readonly received: string[] = [];
  private readonly socket: Socket;
  private readonly topics = new Map<number, string>();
  private readonly inbox: Packet[] = [];
  private readonly held = new Map<number, Publish>();
  private wake: () => void = () => {};
  private msgId = 0;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('message', (datagram) => {
      const packet = decode(new Reader(datagram));
      if (packet instanceof DecodeError) throw packet;
      this.take(packet);
      this.wake();
    });
  }

  /** A client that is not connected yet, of the gateway at this port of 127.0.0.1. */
  static async at(port: number): Promise<SnClient> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.connect(port, '127.0.0.1', resolve));
    return new SnClient(socket);
  }

  /** Connects, or rejects with the return code. */
  static async connect(
    port: number,
    clientId: string,
    { will, ...options }: Partial<Omit<Connect, 'will'>> & { readonly will?: SnWill } = {},
  ): Promise<SnClient> {
    const client = await SnClient.at(port);
    const code = await client.tryConnect({ clientId, ...options }, will);
    if (code !== 0) throw new Error(`CONNACK ${code}`);
    return client;
  }

  /** Connects; gives the return code. */
  async tryConnect(options: Partial<Omit<Connect, 'will'>>, will?: SnWill): Promise<number> {
    const base = { type: 'CONNECT', cleanSession: true, protocolId: 1, durationSeconds: 60, clientId: '' } as const;
    this.send({ ...base, ...options, will: will !== undefined });
    if (will !== undefined) {
      await this.answer('WILLTOPICREQ');
      this.send({ type: 'WILLTOPIC', qos: will.qos, retain: will.retain ?? false, topic: will.topic });
      await this.answer('WILLMSGREQ');
      this.send({ type: 'WILLMSG', payload: Buffer.from(will.payload) });
    }
    return (await this.answer('CONNACK')).returnCode;
  }

  /** Subscribes; gives the granted QoS, or the return code as -code. */
  async subscribe(filter: string, qos: QoS = 0): Promise<number> {
    const msgId = this.nextId();
    this.send({ type: 'SUBSCRIBE', dup: false, qos, msgId, topic: { kind: 'name', name: filter } });
    const answer = await this.answer('SUBACK');
    if (answer.returnCode !== 0) return -answer.returnCode;
    if (answer.topicId !== 0) this.topics.set(answer.topicId, filter);
    return answer.qos;
  }

  /** Registers the topic and publishes; gives the return code of whatever refused it, or 0. */
  async publish(topic: string, payload: string, qos: QoS = 0, retain = false): Promise<number> {
    this.send({ type: 'REGISTER', topicId: 0, msgId: this.nextId(), topicName: topic });
    const { topicId, returnCode } = await this.answer('REGACK');
    if (returnCode !== 0) return returnCode;
    this.topics.set(topicId, topic);
    return this.publishTo({ topicId, topicIdType: 'normal' }, payload, qos, retain);
  }

  /** Publishes to a topic id. */
  async publishTo(
    topic: Pick<Publish, 'topicId' | 'topicIdType'>,
    payload: string,
    qos: QoS,
    retain = false,
  ): Promise<number> {
    const msgId = qos === 0 ? 0 : this.nextId();
    this.send({ type: 'PUBLISH', dup: false, qos, retain, ...topic, msgId, payload: Buffer.from(payload) });
    if (qos === 0) return 0;
    const answer = await this.answer('PUBACK', 'PUBREC');
    if (answer.type === 'PUBACK') return answer.returnCode;
    this.send({ type: 'PUBREL', msgId });
    await this.answer('PUBCOMP');
    return 0;
  }

  async disconnect(): Promise<void> {
    this.send({ type: 'DISCONNECT' });
    await this.answer('DISCONNECT');
  }

  send(packet: Packet): void {
    this.socket.send(encode(packet));
  }

  /** The next packet of one of these types; others that came before it are dropped. */
  async answer<T extends Packet['type']>(...types: T[]): Promise<Extract<Packet, { type: T }>> {
    const wanted = (packet: Packet): packet is Extract<Packet, { type: T }> =>
      types.some((type) => type === packet.type);
    const until = Date.now() + 5000;
    for (;;) {
      for (let next = this.inbox.shift(); next !== undefined; next = this.inbox.shift()) if (wanted(next)) return next;
      if (!(await this.something(until))) throw new Error(`no ${types.join(' or ')}`);
    }
  }

  /** Waits until so many messages have come. */
  async messages(count: number, timeoutMs = 5000): Promise<string[]> {
    const until = Date.now() + timeoutMs;
    while (this.received.length < count && (await this.something(until)));
    return this.received;
  }

  /** Vanishes without a word. */
  close(): void {
    this.socket.close();
  }

  private take(packet: Packet): void {
    switch (packet.type) {
      case 'REGISTER':
        this.topics.set(packet.topicId, packet.topicName);
        this.send({ type: 'REGACK', topicId: packet.topicId, msgId: packet.msgId, returnCode: 0 });
        break;
      case 'PUBLISH':
        if (packet.qos === 2) {
          this.held.set(packet.msgId, packet);
          this.send({ type: 'PUBREC', msgId: packet.msgId });
          break;
        }
        this.keep(packet);
        if (packet.qos === 1) {
          this.send({ type: 'PUBACK', topicId: packet.topicId, msgId: packet.msgId, returnCode: 0 });
        }
        break;
      case 'PUBREL': {
        const held = this.held.get(packet.msgId);
        this.held.delete(packet.msgId);
        if (held !== undefined) this.keep(held);
        this.send({ type: 'PUBCOMP', msgId: packet.msgId });
        break;
      }
      default:
        this.inbox.push(packet);
    }
  }

  private keep({ topicId, topicIdType, qos, retain, payload }: Publish): void {
    const short = Buffer.from([topicId >> 8, topicId & 0xff]).toString();
    const topic = topicIdType === 'short' ? short : (this.topics.get(topicId) ?? `#${topicId}`);
    this.received.push(`${topic} ${qos}${retain ? ' retained' : ''} ${payload.toString()}`);
  }

  /** Resolves when a packet has come, or with false when it is too late. */
  private something(until: number): Promise<boolean> {
    if (Date.now() >= until) return Promise.resolve(false);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), until - Date.now());
      this.wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  private nextId(): number {
    return (this.msgId = (this.msgId % 0xffff) + 1);
  }
}
