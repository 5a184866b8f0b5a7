import { createSocket, type Socket } from 'node:dgram';
import * as sn from './mqttsn.js';

const patienceMs = 1500;
const attempts = 8;
const keepAliveSeconds = 600;

/** An address to send from. */
export interface Local {
  readonly address: string;
  readonly port: number;
}

/** How a device connects. */
export interface ConnectOptions {
  readonly bind?: Local;
  /** False keeps the session. */
  readonly clean?: boolean;
}

/** A lean MQTT-SN client: set-up with retries, then hooks on the hot path. */
export class SnDevice {
  /** A PUBLISH came; QoS 1 has been acknowledged already. */
  onPublish: (frame: Buffer) => void = () => {};
  onPuback: (msgId: number, returnCode: number) => void = () => {};
  private readonly socket: Socket;
  private waiting: { readonly type: number; readonly resolve: (frame: Buffer) => void } | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('message', (frame) => this.take(frame));
    // A gateway that is not there yet answers by ICMP; the retries are for that.
    socket.on('error', () => {});
  }

  static async connect(
    host: string,
    port: number,
    clientId: string,
    { bind, clean = true }: ConnectOptions = {},
  ): Promise<SnDevice> {
    const device = await SnDevice.open(host, port, bind);
    const packet = clean ? sn.connect(clientId, keepAliveSeconds) : sn.reconnect(clientId, keepAliveSeconds);
    try {
      const connack = await device.ask(packet, sn.msgType.connack);
      if (connack[2] !== 0) throw new Error(`CONNECT of ${clientId}: return code ${connack[2]}`);
      return device;
    } catch (error) {
      device.drop();
      throw error;
    }
  }

  /** A socket without a session. */
  static async open(host: string, port: number, bind?: Local): Promise<SnDevice> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(bind?.port ?? 0, bind?.address, () => {
        socket.off('error', reject);
        socket.connect(port, host, () => resolve());
      });
    });
    return new SnDevice(socket);
  }

  send(frame: Buffer): void {
    this.socket.send(frame);
  }

  /** Sends, again and again, until a frame of this type comes back. */
  async ask(frame: Buffer, type: number): Promise<Buffer> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const answer = await new Promise<Buffer | undefined>((resolve) => {
        const timer = setTimeout(() => resolve(undefined), patienceMs);
        this.waiting = {
          type,
          resolve: (found) => {
            clearTimeout(timer);
            resolve(found);
          },
        };
        this.send(frame);
      });
      this.waiting = undefined;
      if (answer) return answer;
    }
    throw new Error(`no answer of type 0x${type.toString(16)} after ${attempts} attempts`);
  }

  /** The topic id under which this topic may be published. */
  async register(topic: string): Promise<number> {
    const regack = await this.ask(sn.register(topic, 1), sn.msgType.regack);
    if (regack[6] !== 0) throw new Error(`REGISTER of ${topic}: return code ${regack[6]}`);
    return regack.readUInt16BE(2);
  }

  async subscribe(topic: string, qos: number): Promise<void> {
    const suback = await this.ask(sn.subscribe(topic, qos, 2), sn.msgType.suback);
    if (suback[7] !== 0) throw new Error(`SUBSCRIBE to ${topic}: return code ${suback[7]}`);
  }

  /** Ends the session and closes the socket; waits for no answer. */
  close(): Promise<void> {
    return new Promise((resolve) => this.socket.send(sn.disconnect(), () => this.socket.close(resolve)));
  }

  /** Closes the socket without a word. */
  drop(): void {
    this.socket.close();
  }

  /** Goes to sleep and closes the socket once the gateway has agreed. */
  async sleep(seconds: number): Promise<void> {
    await this.ask(sn.disconnect(seconds), sn.msgType.disconnect);
    await new Promise<void>((resolve) => this.socket.close(resolve));
  }

  private take(frame: Buffer): void {
    switch (frame[1] ?? 0) {
      case sn.msgType.publish:
        if (((frame[2] ?? 0) & 0x60) === 0x20) this.socket.send(sn.puback(frame));
        this.onPublish(frame);
        return;
      case sn.msgType.puback:
        this.onPuback(frame.readUInt16BE(4), frame[6] ?? 0);
        return;
      case sn.msgType.register:
        this.socket.send(sn.regack(frame));
        return;
      case sn.msgType.pingreq:
        this.socket.send(sn.frame(sn.msgType.pingresp));
        return;
      default:
        if (this.waiting !== undefined && this.waiting.type === frame[1]) this.waiting.resolve(frame);
    }
  }
}
