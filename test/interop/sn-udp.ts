import { createSocket, type Socket } from 'node:dgram';
import type { ExecutionContext } from 'ava';
import { Reader } from '#src/core/bytes.js';
import { DecodeError } from '#src/core/errors.js';
import { decode } from '#src/mqttsn/decode.js';
import { encode } from '#src/mqttsn/encode.js';
import type { Packet } from '#src/mqttsn/packets.js';

type OfType<T extends Packet['type']> = Extract<Packet, { type: T }>;

const repeatMs = 500;

/** An MQTT-SN client over UDP that may go from one gateway to another. */
export class SnUdp {
  private readonly socket: Socket;
  private readonly received: Packet[] = [];
  private wake: () => void = () => {};
  private port: number;

  constructor(t: ExecutionContext, port: number) {
    this.port = port;
    this.socket = createSocket('udp4');
    this.socket.on('message', (datagram) => {
      const packet = decode(new Reader(datagram));
      if (packet instanceof DecodeError) throw packet;
      this.received.push(packet);
      this.wake();
    });
    this.socket.on('error', () => {});
    t.teardown(() => this.socket.close());
  }

  /** From now on it speaks with the gateway at this port. */
  moveTo(port: number): void {
    this.port = port;
    this.received.length = 0;
  }

  send(packet: Packet): void {
    this.socket.send(encode(packet), this.port, '127.0.0.1');
  }

  /** The next packet of this type; undefined when there is none in time. */
  async receive<T extends Packet['type']>(type: T, timeoutMs = 10_000): Promise<OfType<T> | undefined> {
    const until = Date.now() + timeoutMs;
    for (;;) {
      const at = this.received.findIndex((packet) => packet.type === type);
      if (at >= 0) return this.received.splice(at, 1)[0] as OfType<T>;
      const left = until - Date.now();
      if (left <= 0) return undefined;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Asks until the answer comes; an Error if it does not. */
  async ask<T extends Packet['type']>(packet: Packet, type: T, timeoutMs = 10_000): Promise<OfType<T>> {
    const until = Date.now() + timeoutMs;
    while (Date.now() < until) {
      this.send(packet);
      const answer = await this.receive(type, repeatMs);
      if (answer !== undefined) return answer;
    }
    throw new Error(`no ${type} to ${packet.type}`);
  }

  /** CONNECT, with a will on this topic if one is given; the return code. */
  async connect(
    clientId: string,
    { clean = true, will = '', keepAlive = 60 }: { clean?: boolean; will?: string; keepAlive?: number } = {},
  ): Promise<number> {
    const connect: Packet = {
      type: 'CONNECT',
      will: will !== '',
      cleanSession: clean,
      protocolId: 1,
      durationSeconds: keepAlive,
      clientId,
    };
    if (will !== '') {
      await this.ask(connect, 'WILLTOPICREQ');
      await this.ask({ type: 'WILLTOPIC', qos: 1, retain: false, topic: will }, 'WILLMSGREQ');
      return (await this.ask({ type: 'WILLMSG', payload: Buffer.from('gone') }, 'CONNACK')).returnCode;
    }
    return (await this.ask(connect, 'CONNACK')).returnCode;
  }

  async register(topicName: string): Promise<number> {
    return (await this.ask({ type: 'REGISTER', topicId: 0, msgId: 1, topicName }, 'REGACK')).topicId;
  }

  async subscribe(name: string, qos: 0 | 1 | 2): Promise<number> {
    const topic = { kind: 'name', name } as const;
    return (await this.ask({ type: 'SUBSCRIBE', dup: false, qos, msgId: 2, topic }, 'SUBACK')).returnCode;
  }

  /** The payload of the next message, acknowledged. */
  async message(): Promise<string> {
    const registering =
      this.received.length === 0 ? await this.receive('REGISTER', 500) : await this.receive('REGISTER', 0);
    if (registering !== undefined) {
      const { topicId, msgId } = registering;
      this.send({ type: 'REGACK', topicId, msgId, returnCode: 0 });
    }
    const message = await this.receive('PUBLISH');
    if (message === undefined) throw new Error('no message');
    if (message.qos === 1) this.send({ type: 'PUBACK', topicId: message.topicId, msgId: message.msgId, returnCode: 0 });
    return message.payload.toString();
  }
}
