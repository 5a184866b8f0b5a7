import { assertNever } from '../core/errors.js';
import { flagBits, maxMessageLength, msgTypes, type Packet, type TopicReference, topicIdTypes } from './packets.js';

/** Writes a message, with a length of one octet where it fits. A message over 65,535 bytes is a RangeError. */
export function encode(packet: Packet): Buffer {
  switch (packet.type) {
    case 'PUBLISH': {
      const flags =
        (packet.dup ? flagBits.dup : 0) |
        qosBits(packet.qos) |
        (packet.retain ? flagBits.retain : 0) |
        topicIdTypes.indexOf(packet.topicIdType);
      const { payload } = packet;
      const { buffer, at } = start(msgTypes.PUBLISH, 5 + payload.length);
      buffer[at] = flags;
      put16(buffer, at + 1, packet.topicId);
      put16(buffer, at + 3, packet.msgId);
      buffer.set(payload, at + 5);
      return buffer;
    }
    case 'PUBACK':
    case 'REGACK': {
      const { buffer, at } = start(msgTypes[packet.type], 5);
      put16(buffer, at, packet.topicId);
      put16(buffer, at + 2, packet.msgId);
      buffer[at + 4] = packet.returnCode;
      return buffer;
    }
    case 'PUBREC':
    case 'PUBREL':
    case 'PUBCOMP':
    case 'UNSUBACK': {
      const { buffer, at } = start(msgTypes[packet.type], 2);
      put16(buffer, at, packet.msgId);
      return buffer;
    }
    case 'CONNACK':
    case 'WILLTOPICRESP':
    case 'WILLMSGRESP':
      return octets(packet.type, packet.returnCode);
    case 'WILLTOPICREQ':
    case 'WILLMSGREQ':
    case 'PINGRESP':
      return octets(packet.type);
    case 'PINGREQ':
      return withText('PINGREQ', [], packet.clientId ?? '');
    case 'DISCONNECT':
      return packet.durationSeconds === undefined
        ? octets('DISCONNECT')
        : octets('DISCONNECT', ...two(packet.durationSeconds));
    case 'REGISTER':
      return withText('REGISTER', [...two(packet.topicId), ...two(packet.msgId)], packet.topicName);
    case 'SUBSCRIBE': {
      const flags = (packet.dup ? flagBits.dup : 0) | qosBits(packet.qos);
      return withTopic('SUBSCRIBE', flags, packet.msgId, packet.topic);
    }
    case 'UNSUBSCRIBE':
      return withTopic('UNSUBSCRIBE', 0, packet.msgId, packet.topic);
    case 'SUBACK':
      return octets('SUBACK', qosBits(packet.qos), ...two(packet.topicId), ...two(packet.msgId), packet.returnCode);
    case 'CONNECT': {
      const flags = (packet.will ? flagBits.will : 0) | (packet.cleanSession ? flagBits.cleanSession : 0);
      return withText('CONNECT', [flags, packet.protocolId, ...two(packet.durationSeconds)], packet.clientId);
    }
    case 'WILLTOPIC':
    case 'WILLTOPICUPD':
      if (packet.topic === '') return octets(packet.type);
      return withText(packet.type, [qosBits(packet.qos) | (packet.retain ? flagBits.retain : 0)], packet.topic);
    case 'WILLMSG':
    case 'WILLMSGUPD':
      return withBytes(packet.type, [], packet.payload);
    case 'SEARCHGW':
      return octets('SEARCHGW', packet.radius);
    case 'ADVERTISE':
      return octets('ADVERTISE', packet.gatewayId, ...two(packet.durationSeconds));
    case 'GWINFO':
      return withBytes('GWINFO', [packet.gatewayId], packet.address ?? Buffer.alloc(0));
    case 'ENCAPSULATED': {
      const header = withBytes('ENCAPSULATED', [packet.radius & 0x03], packet.nodeId);
      return Buffer.concat([header, packet.message]);
    }
    default:
      return assertNever(packet);
  }
}

/** How many bytes a PUBLISH with this payload has. */
export function publishLength(payloadLength: number): number {
  return payloadLength + (payloadLength + 7 > 255 ? 9 : 7);
}

function start(type: number, bodyLength: number): { buffer: Buffer; at: number } {
  const short = bodyLength + 2;
  if (short <= 255) {
    const buffer = Buffer.allocUnsafe(short);
    buffer[0] = short;
    buffer[1] = type;
    return { buffer, at: 2 };
  }
  const long = bodyLength + 4;
  if (long > maxMessageLength) throw new RangeError(`an MQTT-SN message of ${long} bytes`);
  const buffer = Buffer.allocUnsafe(long);
  buffer[0] = 1;
  put16(buffer, 1, long);
  buffer[3] = type;
  return { buffer, at: 4 };
}

function octets(type: Packet['type'], ...body: number[]): Buffer {
  return withBytes(type, body, emptyBytes);
}

function withText(type: Packet['type'], body: number[], text: string): Buffer {
  return withBytes(type, body, Buffer.from(text));
}

function withBytes(type: Packet['type'], body: number[], tail: Buffer): Buffer {
  const { buffer, at } = start(msgTypes[type], body.length + tail.length);
  buffer.set(body, at);
  buffer.set(tail, at + body.length);
  return buffer;
}

function withTopic(type: 'SUBSCRIBE' | 'UNSUBSCRIBE', flags: number, msgId: number, topic: TopicReference): Buffer {
  switch (topic.kind) {
    case 'name':
      return withText(type, [flags, ...two(msgId)], topic.name);
    case 'short':
      return withText(type, [flags | topicIdTypes.indexOf('short'), ...two(msgId)], topic.name);
    case 'predefined':
      return octets(type, flags | topicIdTypes.indexOf('predefined'), ...two(msgId), ...two(topic.topicId));
  }
}

const emptyBytes = Buffer.alloc(0);

function qosBits(qos: number): number {
  return (qos & 3) << 5;
}

function two(value: number): [number, number] {
  return [value >> 8, value & 0xff];
}

function put16(buffer: Buffer, at: number, value: number): void {
  buffer[at] = value >> 8;
  buffer[at + 1] = value & 0xff;
}
