import { connect as connectTcp, type Socket } from 'node:net';
import type { Target } from '../protocol.js';

const keepAliveSeconds = 600;
const firstBufferSize = 1 << 16;
const cleanSession = 2;
const answerWithinMs = 60_000;

/** How a client connects. */
export interface WireOptions {
  /** False keeps the session; default true. */
  readonly clean?: boolean;
  /** Bytes set aside for what a turn writes; it grows when needed. */
  readonly bufferSize?: number;
  readonly keepAliveSeconds?: number;
}

/**
 * A lean MQTT 3.1.1 client for the generator: it writes what a turn of the event loop produced in one piece and hands out
 * payloads as places in the chunk they came in. A full client costs several times as much per message and would be what
 * is measured.
 */
export class MqttWire {
  /** A PUBLISH came; its payload is `chunk[from..to)`. It has been acknowledged already. */
  onPublish: (chunk: Buffer, from: number, to: number) => void = () => {};
  /** A PUBACK came, or the PUBCOMP of QoS 2. */
  onPuback: (packetId: number) => void = () => {};
  onClose: () => void = () => {};
  private readonly socket: Socket;
  private out: Buffer;
  private used = 0;
  private flushing = false;
  private rest: Buffer | undefined;
  private waiting:
    | { readonly type: number; readonly resolve: (body: Buffer) => void; readonly reject: (error: Error) => void }
    | undefined;
  private readonly flush = (): void => {
    this.flushing = false;
    this.socket.write(Buffer.from(this.out.subarray(0, this.used)));
    this.used = 0;
  };

  private constructor(socket: Socket, bufferSize: number) {
    this.socket = socket;
    this.out = Buffer.allocUnsafeSlow(bufferSize);
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.take(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.waiting?.reject(new Error('MQTT: the connection was closed'));
      this.onClose();
    });
  }

  static async connect(host: string, port: number, clientId: string, options: WireOptions = {}): Promise<MqttWire> {
    const socket = connectTcp(port, host);
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    const wire = new MqttWire(socket, options.bufferSize ?? firstBufferSize);
    const id = Buffer.from(clientId);
    const flags = options.clean === false ? 0 : cleanSession;
    const seconds = options.keepAliveSeconds ?? keepAliveSeconds;
    const variable = Buffer.from([0, 4, 0x4d, 0x51, 0x54, 0x54, 4, flags, seconds >> 8, seconds & 0xff]);
    const connack = await wire.ask(packet(0x10, variable, Buffer.from([id.length >> 8, id.length & 0xff]), id), 0x20);
    if (connack[1] !== 0) throw new Error(`MQTT CONNECT: return code ${connack[1]}`);
    return wire;
  }

  async subscribe(filter: string, qos: number): Promise<void> {
    const name = Buffer.from(filter);
    const suback = await this.ask(
      packet(0x82, Buffer.from([0, 1, name.length >> 8, name.length & 0xff]), name, Buffer.from([qos])),
      0x90,
    );
    if (suback[2] === 0x80) throw new Error(`MQTT SUBSCRIBE to ${filter}: refused`);
  }

  /** Queues a PUBLISH; `packetId` counts for QoS 1 only. */
  publish(topic: Buffer, qos: number, packetId: number, payload: Buffer): void {
    const length = 2 + topic.length + (qos === 0 ? 0 : 2) + payload.length;
    let at = this.reserve(length + 5);
    const { out } = this;
    out[at++] = 0x30 | (qos << 1);
    for (let left = length; ; left >>= 7) {
      out[at++] = left > 127 ? (left & 127) | 128 : left;
      if (left <= 127) break;
    }
    at = out.writeUInt16BE(topic.length, at);
    at += topic.copy(out, at);
    if (qos !== 0) at = out.writeUInt16BE(packetId, at);
    at += payload.copy(out, at);
    this.used = at;
  }

  close(): void {
    this.onClose = () => {};
    this.socket.end(Buffer.from([0xe0, 0]));
  }

  /** Ends the connection without a word. */
  destroy(): void {
    this.onClose = () => {};
    this.socket.destroy();
  }

  /** Says goodbye, and waits until the broker has closed the connection. */
  async finish(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.onClose = resolve;
    });
    this.socket.end(Buffer.from([0xe0, 0]));
    await closed;
  }

  private ask(bytes: Buffer, type: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`MQTT: no packet of type 0x${type.toString(16)}`)),
        answerWithinMs,
      );
      this.waiting = {
        type,
        resolve: (body) => {
          clearTimeout(timer);
          this.waiting = undefined;
          resolve(Buffer.from(body));
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      this.socket.write(bytes);
    });
  }

  /** Makes room and has it written at the end of this turn; gives the place to write at. */
  private reserve(bytes: number): number {
    if (this.used + bytes > this.out.length) {
      const bigger = Buffer.allocUnsafeSlow(Math.max(this.out.length * 2, this.used + bytes));
      this.out.copy(bigger, 0, 0, this.used);
      this.out = bigger;
    }
    if (!this.flushing) {
      this.flushing = true;
      setImmediate(this.flush);
    }
    return this.used;
  }

  private take(arrived: Buffer): void {
    const chunk = this.rest ? Buffer.concat([this.rest, arrived]) : arrived;
    let at = 0;
    for (;;) {
      let body = at + 1;
      let length = 0;
      let shift = 0;
      let byte = 128;
      while (byte > 127 && body < chunk.length) {
        byte = chunk[body++] ?? 0;
        length |= (byte & 127) << shift;
        shift += 7;
      }
      if (byte > 127 || body + length > chunk.length) break;
      this.packet(chunk, at, body, body + length);
      at = body + length;
    }
    this.rest = at === chunk.length ? undefined : chunk.subarray(at);
  }

  private packet(chunk: Buffer, at: number, body: number, end: number): void {
    const first = chunk[at] ?? 0;
    switch (first & 0xf0) {
      case 0x30: {
        const qos = (first >> 1) & 3;
        let from = body + 2 + chunk.readUInt16BE(body);
        if (qos !== 0) {
          this.acknowledge(qos === 1 ? 0x40 : 0x50, chunk.readUInt16BE(from));
          from += 2;
        }
        this.onPublish(chunk, from, end);
        return;
      }
      case 0x50:
        this.acknowledge(0x62, chunk.readUInt16BE(body));
        return;
      case 0x60:
        this.acknowledge(0x70, chunk.readUInt16BE(body));
        return;
      case 0x40:
      case 0x70:
        this.onPuback(chunk.readUInt16BE(body));
        return;
      default:
        if (this.waiting?.type === first) this.waiting.resolve(chunk.subarray(body, end));
    }
  }

  private acknowledge(first: number, packetId: number): void {
    const at = this.reserve(4);
    this.out[at] = first;
    this.out[at + 1] = 2;
    this.used = this.out.writeUInt16BE(packetId, at + 2);
  }
}

/** Ends a session that was kept. */
export async function forgetSession({ host, mqttPort }: Target, clientId: string): Promise<void> {
  const wire = await MqttWire.connect(host, mqttPort, clientId);
  await wire.finish();
}

/** A control packet with a body shorter than 128 bytes. */
function packet(first: number, ...body: Buffer[]): Buffer {
  const bytes = Buffer.concat(body);
  return Buffer.concat([Buffer.from([first, bytes.length]), bytes]);
}
