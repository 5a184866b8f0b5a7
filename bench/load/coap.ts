import { createSocket, type Socket } from 'node:dgram';
import { Lane } from '../lane.js';
import type { Target } from '../protocol.js';
import { coapCode, encodeOptions, optionNumber, request, template } from '../wire/coap.js';
import { type Prepare, times } from './load.js';

const answered = 1;
// A message id must not come again from the same address while the server remembers it [RFC 7252 4.4], so a socket is
// given up before its ids run out.
const idsOfASocket = 60_000;

const get = template(
  coapCode.get,
  encodeOptions([
    [optionNumber.uriPath, Buffer.from('.well-known')],
    [optionNumber.uriPath, Buffer.from('core')],
  ]),
);

/** Confirmable GETs of /.well-known/core, each answered by a 2.05 or 4.04 in its acknowledgement. */
export const coap: Prepare = async ({ target, clients, window }, tally) => {
  const sockets = new Set<Socket>();
  const lanes = await times(clients, async () => {
    let socket = await open(target);
    let spare = await open(target);
    let messageId = Math.floor(Math.random() * 0x10000);
    let left = idsOfASocket;
    const listen = (to: Socket): void => {
      sockets.add(to);
      to.on('message', (datagram) => {
        const seq = datagram.length >= 8 ? datagram.readUInt32BE(4) : 0;
        if (datagram[1] === coapCode.content || datagram[1] === coapCode.notFound) lane.mark(seq, answered);
        else lane.fail(seq);
      });
    };
    const lane = new Lane(tally, answered, window, (seq) => {
      if (left-- === 0) {
        left = idsOfASocket;
        socket = spare;
        void open(target).then((next) => {
          spare = next;
          listen(next);
        });
      }
      messageId = (messageId + 1) & 0xffff;
      socket.send(request(get, messageId, seq));
    });
    listen(socket);
    listen(spare);
    return lane;
  });
  return {
    lanes,
    close: async () => {
      for (const socket of sockets) socket.close();
    },
  };
};

async function open(target: Target): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
  socket.on('error', () => {});
  await new Promise<void>((resolve) => socket.connect(target.coapPort ?? 0, target.host, resolve));
  return socket;
}
