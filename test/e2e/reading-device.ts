import { createSocket, type Socket } from 'node:dgram';
import type { ExecutionContext } from 'ava';
import { generate, type OptionName, parse } from 'coap-packet';

const retryMs = 500;
// Manufacturer: a TLV of resource 0 with the text EMQ.
const manufacturer = Buffer.from('c300454d51', 'hex');

/** An LwM2M device over real UDP that registers and answers every Read with its manufacturer. */
export class ReadingDevice {
  private readonly socket: Socket;
  private readonly gatewayPort: number;

  private constructor(socket: Socket, gatewayPort: number) {
    this.socket = socket;
    this.gatewayPort = gatewayPort;
  }

  /** Registers; the socket closes with the test. */
  static async register(t: ExecutionContext, gatewayPort: number, endpoint: string): Promise<ReadingDevice> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    t.teardown(() => void socket.close());
    const device = new ReadingDevice(socket, gatewayPort);
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
    const { code, confirmable, messageId, token } = parse(bytes);
    if (code === '0.01' && confirmable) {
      const options = [{ name: 'Content-Format' as const, value: Buffer.of(11542 >> 8, 11542 & 255) }];
      this.send(generate({ ack: true, messageId, token, code: '2.05', options, payload: manufacturer }));
    }
    return code;
  }
}

const option = (name: OptionName, text: string) => ({ name, value: Buffer.from(text) });
