import { createSocket, type Socket } from 'node:dgram';
import { Lane } from '../lane.js';
import type { Target } from '../protocol.js';
import {
  coapCode,
  encodeOptions,
  locationOf,
  optionNumber,
  registrationToken,
  request,
  template,
  tokenOf,
} from '../wire/coap.js';
import { registerTemplate } from '../wire/lwm2m-device.js';
import { type Prepare, times } from './load.js';
import { endpointOf } from './lwm2m-read.js';

const answered = 1;
const retryMs = 1500;

/** Devices register and, so that they do not pile up, deregister at once: both answered is one. */
export const lwm2mRegister: Prepare = async ({ target, clients }, tally) => {
  const sockets: Socket[] = [];
  const lanes = await times(clients, async (index) => {
    const socket = await open(target);
    sockets.push(socket);
    const post = registerTemplate(endpointOf(index));
    let messageId = Math.floor(Math.random() * 0x10000);
    const send = (from: Buffer, seq: number): void => {
      messageId = (messageId + 1) & 0xffff;
      socket.send(request(from, messageId, seq));
    };
    const lane = new Lane(tally, answered, 1, (seq) => send(post, seq));
    socket.on('message', (datagram) => {
      const seq = datagram.length >= 8 ? datagram.readUInt32BE(4) : 0;
      if (datagram[1] === coapCode.created) send(onLocation(coapCode.delete, locationOf(datagram)), seq);
      else if (datagram[1] === coapCode.deleted) lane.mark(seq, answered);
      else if ((datagram[1] ?? 0) > 31) lane.fail(seq);
    });
    return lane;
  });
  return { lanes, close: async () => sockets.forEach((socket) => void socket.close()) };
};

/** Devices that have registered update their registrations, each one at a time. */
export const lwm2mUpdate: Prepare = async ({ target, clients }, tally) => {
  const sockets: Socket[] = [];
  const lanes = await times(clients, async (index) => {
    const socket = await open(target);
    sockets.push(socket);
    let messageId = Math.floor(Math.random() * 0x10000);
    const created = await new Promise<Buffer>((resolve) => {
      const post = registerTemplate(endpointOf(index));
      const token = registrationToken();
      const send = (): void => {
        messageId = (messageId + 1) & 0xffff;
        socket.send(request(post, messageId, token));
      };
      const again = setInterval(send, retryMs);
      socket.on('message', (datagram) => {
        if (tokenOf(datagram) !== token) return;
        clearInterval(again);
        socket.removeAllListeners('message');
        resolve(datagram);
      });
      send();
    });
    if (created[1] !== coapCode.created) throw new Error(`registration: code 0x${created[1]?.toString(16)}`);
    const update = onLocation(coapCode.post, locationOf(created));
    const lane = new Lane(tally, answered, 1, (seq) => {
      messageId = (messageId + 1) & 0xffff;
      socket.send(request(update, messageId, seq));
    });
    socket.on('message', (datagram) => {
      const seq = datagram.length >= 8 ? datagram.readUInt32BE(4) : 0;
      if (datagram[1] === coapCode.changed) lane.mark(seq, answered);
      else if ((datagram[1] ?? 0) > 31) lane.fail(seq);
    });
    return lane;
  });
  return { lanes, close: async () => sockets.forEach((socket) => void socket.close()) };
};

function onLocation(code: number, location: readonly Buffer[]): Buffer {
  return template(code, encodeOptions(location.map((segment) => [optionNumber.uriPath, segment] as const)));
}

async function open(target: Target): Promise<Socket> {
  const socket = createSocket({ type: 'udp4' });
  socket.on('error', () => {});
  await new Promise<void>((resolve) => socket.connect(target.coapPort ?? 0, target.host, resolve));
  return socket;
}
