import { createSocket, type Socket } from 'node:dgram';
import fc from 'fast-check';
import { encodeMessage } from '#src/coap/encode.js';
import { decodeMessage } from '#src/coap/message.js';
import { Reader } from '#src/core/bytes.js';
import { DecodeError } from '#src/core/errors.js';
import { decode } from '#src/mqttsn/decode.js';
import { encode } from '#src/mqttsn/encode.js';
import { anyPacket, mutate } from '../support/arbitraries-mqttsn.js';
import { anyDatagram, anyMessage } from '../support/coap-arbitraries.js';
import { request, wire } from '../support/coap-messages.js';

const noise = fc.oneof(
  { weight: 8, arbitrary: fc.uint8Array({ maxLength: 80 }) },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 1000, maxLength: 1500, size: 'max' }) },
);
const change = fc.record({ at: fc.nat(), to: fc.nat(255) });
const damaged = fc
  .tuple(anyPacket, fc.array(change, { maxLength: 4 }), fc.nat(3))
  .map(([packet, changes, cut]) => mutate(encode(packet), changes, cut));
const several = fc.array(damaged, { minLength: 2, maxLength: 5 }).map((parts) => Buffer.concat(parts));
const registration = fc.constant(
  wire(request('POST', '/rd?ep=rubbish&lt=60&lwm2m=1.1&b=U', { payload: '</1/0>,</3/0>' })),
);

/** What comes to a port where MQTT-SN is spoken: noise, and packets that nearly are ones, or are. */
export const snGarbage: fc.Arbitrary<Buffer> = fc.oneof(
  noise.map((bytes) => Buffer.from(bytes)),
  { weight: 4, arbitrary: damaged },
  several,
);

/** The same for CoAP and LwM2M. */
export const coapGarbage: fc.Arbitrary<Buffer> = fc.oneof(
  noise.map((bytes) => Buffer.from(bytes)),
  { weight: 4, arbitrary: anyDatagram(anyMessage.map(encodeMessage)) },
  anyDatagram(registration),
);

/** Whether a datagram holds no MQTT-SN message at all, so that it may come from a device's own port. */
export const isNoSnPacket = (datagram: Buffer): boolean => decode(new Reader(datagram)) instanceof DecodeError;
export const isNoCoapMessage = (datagram: Buffer): boolean => decodeMessage(datagram) instanceof DecodeError;

const fromOnePort = 60;
const atOnce = 20;

/** Where garbage goes, and of what kind. */
export interface Target {
  readonly port: number;
  readonly kind: fc.Arbitrary<Buffer>;
  /** Whether a datagram may come from a real device without doing harm to that device's own session. */
  readonly harmless: (datagram: Buffer) => boolean;
  /** Sends from the port of a real device. */
  readonly own: (datagram: Buffer) => void;
}

/**
 * Sends so many datagrams to each target, from ever new addresses and ports, and one in twenty from a real device's. Waits
 * for `read` now and then, which resolves when the gateway has read what was sent, so that the system drops nothing.
 */
export async function pour(targets: readonly Target[], count: number, read: () => Promise<void>): Promise<void> {
  let socket = await stranger(0);
  for (let sent = 0; sent < count; sent += atOnce) {
    if (sent % fromOnePort === 0) {
      socket.close();
      socket = await stranger(sent / fromOnePort);
    }
    for (const { port, kind, harmless, own } of targets) {
      for (const datagram of fc.sample(kind, Math.min(atOnce, count - sent))) {
        if (Math.random() < 0.05 && harmless(datagram)) own(datagram);
        else socket.send(datagram, port, '127.0.0.1');
      }
    }
    await read();
  }
  socket.close();
}

/** A socket on one of many addresses, so that no limit per source keeps the rest away. */
async function stranger(number: number): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.on('error', () => {});
  await new Promise<void>((resolve) => socket.bind(0, `127.8.0.${1 + (number % 250)}`, resolve));
  return socket;
}
