import { createSocket, type Socket } from 'node:dgram';
import type { ExecutionContext } from 'ava';
import { generate, type OptionName, parse } from 'coap-packet';

const retryMs = 500;
// Manufacturer: a TLV of resource 0 with the text EMQ.
const manufacturer = Buffer.from('c300454d51', 'hex');

/** An LwM2M device over real UDP that registers, answers every Read with its manufacturer, and executes. */
export class ReadingDevice {
  /** The arguments of every Execute, in their order; repetitions of one message count once. */
  readonly executed: string[] = [];
  private readonly socket: Socket;
  private readonly gatewayPort: number;
  private readonly slowMs: number;
  private readonly known = new Set<string>();

  private constructor(socket: Socket, gatewayPort: number, slowMs: number) {
    this.socket = socket;
    this.gatewayPort = gatewayPort;
    this.slowMs = slowMs;
  }

  /** Registers; takes up to `slowMs` to answer. The socket closes with the test. */
  static async register(
    t: ExecutionContext,
    gatewayPort: number,
    endpoint: string,
    slowMs = 0,
  ): Promise<ReadingDevice> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const device = new ReadingDevice(socket, gatewayPort, slowMs);
    t.teardown(() => void socket.close());
    const query = [`ep=${endpoint}`, 'lt=86400', 'lwm2m=1.0', 'b=U'];
    const datagram = generate({
      code: 'POST',
      confirmable: true,
      messageId: 1,
      token: Buffer.of(1),
      options: [option('Uri-Path', 'rd'), option('Content-Format', '('), ...query.map((q) => option('Uri-Query', q))],
      payload: Buffer.from('</1/0>,</3/0>'),
    });
    await new Promise<void>((resolve) => {
      const retry = setInterval(() => device.send(datagram), retryMs);
      socket.on('message', (bytes) => {
        if (device.answer(bytes) !== '2.01') return;
        clearInterval(retry);
        resolve();
      });
      device.send(datagram);
    });
    return device;
  }

  /** Sends bytes that need not be a message. */
  send(datagram: Buffer): void {
    this.socket.send(datagram, this.gatewayPort, '127.0.0.1');
  }

  /** Answers a request; gives the code of what came. */
  private answer(bytes: Buffer): string {
    const { code, confirmable, messageId, payload, token } = parse(bytes);
    if (code === '0.01' && confirmable) {
      const options = [{ name: 'Content-Format' as const, value: Buffer.of(11542 >> 8, 11542 & 255) }];
      this.reply(generate({ ack: true, messageId, token, code: '2.05', options, payload: manufacturer }));
    } else if (code === '0.02') {
      const id = `${messageId} ${token.toString('hex')}`;
      if (!this.known.has(id)) this.executed.push(payload.toString());
      this.known.add(id);
      this.reply(generate({ ack: true, messageId, token, code: '2.04' }));
    }
    return code;
  }

  private reply(datagram: Buffer): void {
    if (this.slowMs === 0) this.send(datagram);
    else setTimeout(() => this.send(datagram), Math.random() * this.slowMs);
  }
}

const option = (name: OptionName, text: string) => ({ name, value: Buffer.from(text) });
