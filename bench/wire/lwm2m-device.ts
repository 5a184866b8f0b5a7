import { createSocket, type Socket } from 'node:dgram';
import type { Target } from '../protocol.js';
import {
  answer,
  coapCode,
  coapType,
  encodeOptions,
  optionNumber,
  registrationToken,
  request,
  template,
  tokenOf,
} from './coap.js';

const linkFormat = 40;
const tlvFormat = 11542;
const lifetimeSeconds = 600;
const patienceMs = 1500;
const attempts = 8;
/** Observe without a value, which is 0, as a request's first option. */
const observeOption = 0x60;

const manufacturer = Buffer.from('Isthmus bench device');
const tlv = Buffer.from([tlvFormat >> 8, tlvFormat & 0xff]);
const contentTail = Buffer.concat([
  encodeOptions([[optionNumber.contentFormat, tlv]]),
  // Resource 0 with an 8-bit length [OMA LwM2M TLV].
  Buffer.from([0xff, 0xc8, 0, manufacturer.length]),
  manufacturer,
]);
/** An Observe option of three bytes, then resource 9 with an integer of four. */
const observedTail = Buffer.concat([
  encodeOptions([
    [optionNumber.observe, Buffer.alloc(3)],
    [optionNumber.contentFormat, tlv],
  ]),
  Buffer.from([0xff, 0xc4, 9, 0, 0, 0, 0]),
]);
const nothing = Buffer.alloc(0);

/** The request of a registration, without its message id and token. */
export function registerTemplate(endpoint: string, links = '</1/0>,</3/0>', lifetime = lifetimeSeconds): Buffer {
  const query = ['lwm2m=1.0', `ep=${endpoint}`, 'b=U', `lt=${lifetime}`];
  const options = encodeOptions([
    [optionNumber.uriPath, Buffer.from('rd')],
    [optionNumber.contentFormat, Buffer.from([linkFormat])],
    ...query.map((entry) => [optionNumber.uriQuery, Buffer.from(entry)] as const),
  ]);
  return template(coapCode.post, options, Buffer.from(links));
}

/**
 * A simulated LwM2M 1.0 device with a Device object: it registers once and answers every GET with its manufacturer, or,
 * if it is to be observed, with its battery level, in TLV.
 */
export class Lwm2mDevice {
  private readonly socket: Socket;
  private token: Buffer | undefined;
  private messageId = 0;
  private sequence = 1;

  private constructor(socket: Socket) {
    this.socket = socket;
  }

  static async register(target: Target, endpoint: string): Promise<Lwm2mDevice> {
    const socket = createSocket({ type: 'udp4' });
    socket.on('error', () => {});
    await new Promise<void>((resolve) => socket.connect(target.coapPort ?? 0, target.host, resolve));
    const post = registerTemplate(endpoint);
    const device = new Lwm2mDevice(socket);
    device.messageId = Math.floor(Math.random() * 0x10000);
    for (let attempt = 0; attempt < attempts; attempt++) {
      const code = await device.created(request(post, device.takeMessageId(), registrationToken()));
      if (code === coapCode.created) return device;
      if (code !== undefined) throw new Error(`registration of ${endpoint}: code ${code >> 5}.${code & 31}`);
    }
    throw new Error(`registration of ${endpoint}: no answer`);
  }

  get observed(): boolean {
    return this.token !== undefined;
  }

  /** Sends a notification with this battery level, not confirmable. */
  notify(level: number): void {
    const { token } = this;
    if (token === undefined) return;
    const bytes = Buffer.allocUnsafe(4 + token.length + observedTail.length);
    bytes[0] = coapType.non | token.length;
    bytes[1] = coapCode.content;
    bytes.writeUInt16BE(this.takeMessageId(), 2);
    token.copy(bytes, 4);
    this.copyLevel(bytes, 4 + token.length, level);
    this.socket.send(bytes);
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
          this.serve(datagram);
        } else if (code > 31) {
          if (tokenOf(datagram) !== tokenOf(post)) return;
          clearTimeout(timer);
          resolve(code);
        } else if (code !== 0) {
          this.socket.send(answer(datagram, coapCode.notFound, nothing));
        }
      });
      this.socket.send(post);
    });
  }

  private serve(get: Buffer): void {
    const afterToken = 4 + ((get[0] ?? 0) & 15);
    if (get[afterToken] !== observeOption) {
      this.socket.send(answer(get, coapCode.content, contentTail));
      return;
    }
    this.token = Buffer.from(get.subarray(4, afterToken));
    const response = answer(get, coapCode.content, observedTail);
    this.copyLevel(response, afterToken, 0);
    this.socket.send(response);
  }

  private copyLevel(bytes: Buffer, at: number, level: number): void {
    observedTail.copy(bytes, at);
    bytes.writeUIntBE(this.sequence, at + 1, 3);
    this.sequence = (this.sequence + 1) & 0xffffff;
    bytes.writeUInt32BE(level, bytes.length - 4);
  }

  private takeMessageId(): number {
    this.messageId = (this.messageId + 1) & 0xffff;
    return this.messageId;
  }
}
