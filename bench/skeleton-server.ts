// A ceiling: the least that could be called a gateway, one UDP socket and four kinds of packets around an aedes that keeps
// nothing. It has no sessions, timers, retransmissions, rights, limits or store. It tells its parent its two ports.
import { createSocket } from 'node:dgram';
import { type AddressInfo, createServer } from 'node:net';
import { Aedes, type AedesPublishPacket } from 'aedes';
import { frame, msgType, u16 } from './wire/mqttsn.js';

interface Device {
  /** Topics by topic id less one. */
  readonly topics: string[];
  lastMsgId: number;
  readonly subscribed: Map<string, (packet: AedesPublishPacket, done: () => void) => void>;
}

const aedes = await Aedes.createBroker();
const devices = new Map<string, Device>();
const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });

function topicIdOf(device: Device, topic: string): number {
  const known = device.topics.indexOf(topic);
  return known >= 0 ? known + 1 : device.topics.push(topic);
}

function deliver({ payload, qos }: AedesPublishPacket, device: Device, topicId: number): Buffer {
  const bytes = Buffer.allocUnsafe(7 + payload.length);
  bytes[0] = bytes.length;
  bytes[1] = msgType.publish;
  bytes[2] = qos << 5;
  bytes.writeUInt16BE(topicId, 3);
  device.lastMsgId = (device.lastMsgId % 0xffff) + 1;
  bytes.writeUInt16BE(qos === 0 ? 0 : device.lastMsgId, 5);
  bytes.set(payload as Buffer, 7);
  return bytes;
}

socket.on('message', (datagram, { address, port }) => {
  const key = `${address}|${port}`;
  const answer = (bytes: Buffer): void => socket.send(bytes, port, address);
  if (datagram[1] === msgType.connect) {
    for (const [topic, receive] of devices.get(key)?.subscribed ?? []) aedes.unsubscribe(topic, receive, () => {});
    devices.set(key, { topics: [], lastMsgId: 0, subscribed: new Map() });
    answer(frame(msgType.connack, 0));
    return;
  }
  const device = devices.get(key);
  if (device === undefined) return;
  switch (datagram[1] as number) {
    case msgType.register: {
      const topicId = topicIdOf(device, datagram.toString('utf8', 6));
      answer(frame(msgType.regack, u16(topicId), datagram.subarray(4, 6), 0));
      return;
    }
    case msgType.subscribe: {
      const topic = datagram.toString('utf8', 5);
      const topicId = topicIdOf(device, topic);
      const receive = (packet: AedesPublishPacket, done: () => void): void => {
        answer(deliver(packet, device, topicId));
        done();
      };
      device.subscribed.set(topic, receive);
      aedes.subscribe(topic, receive, () =>
        answer(frame(msgType.suback, datagram[2] as number, u16(topicId), datagram.subarray(3, 5), 0)),
      );
      return;
    }
    case msgType.disconnect:
      for (const [topic, receive] of device.subscribed) aedes.unsubscribe(topic, receive, () => {});
      devices.delete(key);
      return;
    case msgType.publish: {
      const qos = (datagram[2] as number) >> 5 === 1 ? 1 : 0;
      const topic = device.topics[datagram.readUInt16BE(3) - 1] ?? '';
      const payload = datagram.subarray(7);
      aedes.publish({ cmd: 'publish', topic, payload, qos, retain: false, dup: false }, () => {
        if (qos === 0) return;
        const bytes = Buffer.from([7, msgType.puback, 0, 0, 0, 0, 0]);
        bytes.set(datagram.subarray(3, 7), 2);
        answer(bytes);
      });
    }
  }
});

const server = createServer({ noDelay: true }, aedes.handle);
socket.bind(0, '127.0.0.1', () =>
  server.listen(0, '127.0.0.1', () => process.send?.([socket.address().port, (server.address() as AddressInfo).port])),
);
process.on('disconnect', () => process.exit());
