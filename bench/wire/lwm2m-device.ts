import { createSocket, type Socket } from 'node:dgram';
import type { Target } from '../protocol.js';
import { answer, coapCode, encodeOptions, optionNumber, request, template } from './coap.js';

const linkFormat = 40;
const tlvFormat = 11542;
const lifetimeSeconds = 600;
const patienceMs = 1500;
const attempts = 8;

const manufacturer = Buffer.from('Isthmus bench device');
// Resource 0 with an 8-bit length [OMA LwM2M TLV].
const tlvOfManufacturer = Buffer.concat([Buffer.from([0xc8, 0, manufacturer.length]), manufacturer]);
const contentTail = Buffer.concat([
  encodeOptions([[optionNumber.contentFormat, Buffer.from([tlvFormat >> 8, tlvFormat & 0xff])]]),
  Buffer.from([0xff]),
  tlvOfManufacturer,
]);
const nothing = Buffer.alloc(0);

/** A simulated LwM2M 1.0 device with a Device object: it registers once and answers every GET with its manufacturer. */
export class Lwm2mDevice {
  private readonly socket: Socket;

  private constructor(socket: Socket) {
    this.socket = socket;
  }

  static async register(target: Target, endpoint: string): Promise<Lwm2mDevice> {
    const socket = createSocket({ type: 'udp4' });
    socket.on('error', () => {});
    await new Promise<void>((resolve) => socket.connect(target.coapPort ?? 0, target.host, resolve));
    const query = ['lwm2m=1.0', `ep=${endpoint}`, 'b=U', `lt=${lifetimeSeconds}`];
    const options = encodeOptions([
      [optionNumber.uriPath, Buffer.from('rd')],
      [optionNumber.contentFormat, Buffer.from([linkFormat])],
      ...query.map((entry) => [optionNumber.uriQuery, Buffer.from(entry)] as const),
    ]);
    const post = template(coapCode.post, options, Buffer.from('</1/0>,</3/0>'));
    const messageId = Math.floor(Math.random() * 0x10000);
    const device = new Lwm2mDevice(socket);
    for (let attempt = 0; attempt < attempts; attempt++) {
      const code = await device.created(request(post, messageId, 1));
      if (code === coapCode.created) return device;
      if (code !== undefined) throw new Error(`registration of ${endpoint}: code ${code >> 5}.${code & 31}`);
    }
    throw new Error(`registration of ${endpoint}: no answer`);
  }

  close(): void {
    this.socket.close();
  }

  /** Sends the registration; the code of the answer, or undefined when none came in time. From then on GETs are served. */
  private created(post: Buffer): Promise<number | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), patienceMs);
      this.socket.removeAllListeners('message');
      this.socket.on('message', (datagram) => {
        const code = datagram[1] ?? 0;
        if (code === coapCode.get) {
          this.socket.send(answer(datagram, coapCode.content, contentTail));
        } else if (code > 31) {
          clearTimeout(timer);
          resolve(code);
        } else if (code !== 0) {
          this.socket.send(answer(datagram, coapCode.notFound, nothing));
        }
      });
      this.socket.send(post);
    });
  }
}
