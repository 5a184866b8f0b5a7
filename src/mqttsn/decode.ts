import { isUtf8 } from 'node:buffer';
import type { Reader } from '../core/bytes.js';
import { attempt, DecodeError } from '../core/errors.js';
import {
  flagBits,
  msgTypes,
  type Packet,
  type QoS,
  type TopicIdType,
  type TopicReference,
  topicIdTypes,
} from './packets.js';

/**
 * Reads one message and leaves the reader behind it, so that several in one datagram are read one after the other.
 * What is not a message of MQTT-SN 1.2 comes back as a DecodeError; nothing is thrown.
 */
export function decode(reader: Reader): Packet | DecodeError {
  return attempt(() => decodeMessage(reader));
}

function decodeMessage(reader: Reader): Packet {
  const start = reader.offset;
  // A first octet of 1 means that the length follows in two octets [SN 5.2.1]; small lengths in that form are legal.
  let length = reader.u8();
  if (length === 1) length = reader.u16();
  const end = start + length;
  if (end > reader.end) throw new DecodeError(`length ${length}, ${reader.end - start} bytes there`, start);
  if (end <= reader.offset) throw new DecodeError(`length ${length} is too short`, start);
  const type = reader.u8();
  if (type === msgTypes.ENCAPSULATED) return decodeEncapsulated(reader, end);
  const packet = decodeBody(type, reader, end);
  if (reader.offset !== end) throw new DecodeError(`${packet.type} does not end where its length says`, reader.offset);
  return packet;
}

function decodeBody(type: number, reader: Reader, end: number): Packet {
  const left = end - reader.offset;
  switch (type) {
    case msgTypes.PUBLISH: {
      atLeast(5, left, reader);
      const flags = reader.u8();
      return {
        type: 'PUBLISH',
        dup: (flags & flagBits.dup) !== 0,
        qos: qosOf(flags),
        retain: (flags & flagBits.retain) !== 0,
        topicIdType: topicIdTypeOf(flags, reader),
        topicId: reader.u16(),
        msgId: reader.u16(),
        payload: reader.bytes(left - 5),
      };
    }
    case msgTypes.PUBACK:
    case msgTypes.REGACK:
      atLeast(5, left, reader);
      return {
        type: type === msgTypes.PUBACK ? 'PUBACK' : 'REGACK',
        topicId: reader.u16(),
        msgId: reader.u16(),
        returnCode: reader.u8(),
      };
    case msgTypes.PUBREC:
    case msgTypes.PUBREL:
    case msgTypes.PUBCOMP:
    case msgTypes.UNSUBACK:
      atLeast(2, left, reader);
      return { type: msgIdOnly[type], msgId: reader.u16() };
    case msgTypes.REGISTER:
      atLeast(5, left, reader);
      return { type: 'REGISTER', topicId: reader.u16(), msgId: reader.u16(), topicName: text(reader, left - 4) };
    case msgTypes.SUBSCRIBE: {
      atLeast(4, left, reader);
      const flags = reader.u8();
      const dup = (flags & flagBits.dup) !== 0;
      return {
        type: 'SUBSCRIBE',
        dup,
        qos: qosOf(flags),
        msgId: reader.u16(),
        topic: topicReference(flags, reader, end),
      };
    }
    case msgTypes.UNSUBSCRIBE: {
      atLeast(4, left, reader);
      const flags = reader.u8();
      return { type: 'UNSUBSCRIBE', msgId: reader.u16(), topic: topicReference(flags, reader, end) };
    }
    case msgTypes.PINGREQ:
      return left === 0 ? { type: 'PINGREQ' } : { type: 'PINGREQ', clientId: text(reader, left) };
    case msgTypes.CONNECT: {
      atLeast(4, left, reader);
      const flags = reader.u8();
      return {
        type: 'CONNECT',
        will: (flags & flagBits.will) !== 0,
        cleanSession: (flags & flagBits.cleanSession) !== 0,
        protocolId: reader.u8(),
        durationSeconds: reader.u16(),
        clientId: text(reader, left - 4),
      };
    }
    case msgTypes.DISCONNECT:
      if (left === 0) return { type: 'DISCONNECT' };
      atLeast(2, left, reader);
      return { type: 'DISCONNECT', durationSeconds: reader.u16() };
    case msgTypes.SUBACK: {
      atLeast(6, left, reader);
      const qos = qosOf(reader.u8());
      return { type: 'SUBACK', qos, topicId: reader.u16(), msgId: reader.u16(), returnCode: reader.u8() };
    }
    default:
      return decodeRare(type, reader, left);
  }
}

/** Discovery, will and the answers that only clients receive. */
function decodeRare(type: number, reader: Reader, left: number): Packet {
  switch (type) {
    case msgTypes.SEARCHGW:
      atLeast(1, left, reader);
      return { type: 'SEARCHGW', radius: reader.u8() };
    case msgTypes.ADVERTISE:
      atLeast(3, left, reader);
      return { type: 'ADVERTISE', gatewayId: reader.u8(), durationSeconds: reader.u16() };
    case msgTypes.GWINFO: {
      atLeast(1, left, reader);
      const gatewayId = reader.u8();
      return left === 1
        ? { type: 'GWINFO', gatewayId }
        : { type: 'GWINFO', gatewayId, address: reader.bytes(left - 1) };
    }
    case msgTypes.WILLTOPICREQ:
      return { type: 'WILLTOPICREQ' };
    case msgTypes.WILLMSGREQ:
      return { type: 'WILLMSGREQ' };
    case msgTypes.PINGRESP:
      return { type: 'PINGRESP' };
    case msgTypes.WILLTOPIC:
    case msgTypes.WILLTOPICUPD: {
      const name = type === msgTypes.WILLTOPIC ? 'WILLTOPIC' : 'WILLTOPICUPD';
      if (left === 0) return { type: name, qos: 0, retain: false, topic: '' };
      const flags = reader.u8();
      return { type: name, qos: qosOf(flags), retain: (flags & flagBits.retain) !== 0, topic: text(reader, left - 1) };
    }
    case msgTypes.WILLMSG:
    case msgTypes.WILLMSGUPD:
      return { type: type === msgTypes.WILLMSG ? 'WILLMSG' : 'WILLMSGUPD', payload: reader.bytes(left) };
    case msgTypes.CONNACK:
    case msgTypes.WILLTOPICRESP:
    case msgTypes.WILLMSGRESP:
      atLeast(1, left, reader);
      return { type: returnCodeOnly[type], returnCode: reader.u8() };
    default:
      throw new DecodeError(`reserved message type 0x${type.toString(16)}`, reader.offset - 1);
  }
}

const msgIdOnly = {
  [msgTypes.PUBREC]: 'PUBREC',
  [msgTypes.PUBREL]: 'PUBREL',
  [msgTypes.PUBCOMP]: 'PUBCOMP',
  [msgTypes.UNSUBACK]: 'UNSUBACK',
} as const;

const returnCodeOnly = {
  [msgTypes.CONNACK]: 'CONNACK',
  [msgTypes.WILLTOPICRESP]: 'WILLTOPICRESP',
  [msgTypes.WILLMSGRESP]: 'WILLMSGRESP',
} as const;

/** The length covers only the header; the wrapped message follows with a length of its own [SN 5.5]. */
function decodeEncapsulated(reader: Reader, end: number): Packet {
  atLeast(1, end - reader.offset, reader);
  const radius = reader.u8() & 0x03;
  const nodeId = reader.bytes(end - reader.offset);
  const start = reader.offset;
  let length = reader.u8();
  if (length === 1) length = reader.u16();
  if (length < 2 || start + length > reader.end) throw new DecodeError('wrapped message is cut off', start);
  reader.offset = start;
  return { type: 'ENCAPSULATED', radius, nodeId, message: reader.bytes(length) };
}

function topicReference(flags: number, reader: Reader, end: number): TopicReference {
  const left = end - reader.offset;
  switch (topicIdTypeOf(flags, reader)) {
    case 'normal':
      return { kind: 'name', name: text(reader, left) };
    case 'predefined':
      if (left !== 2) throw new DecodeError('a pre-defined topic id has two bytes', reader.offset);
      return { kind: 'predefined', topicId: reader.u16() };
    case 'short':
      if (left !== 2) throw new DecodeError('a short topic name has two bytes', reader.offset);
      return { kind: 'short', name: text(reader, 2) };
  }
}

function topicIdTypeOf(flags: number, reader: Reader): TopicIdType {
  const type = topicIdTypes[flags & flagBits.topicIdType];
  if (type === undefined) throw new DecodeError('reserved topic id type 3', reader.offset - 1);
  return type;
}

function qosOf(flags: number): QoS {
  const bits = (flags & flagBits.qos) >> 5;
  return bits === 3 ? -1 : (bits as QoS);
}

function text(reader: Reader, length: number): string {
  const bytes = reader.bytes(length);
  if (!isUtf8(bytes)) throw new DecodeError('text is not UTF-8', reader.offset - length);
  return bytes.toString();
}

function atLeast(wanted: number, left: number, reader: Reader): void {
  if (left < wanted) throw new DecodeError(`${wanted} bytes wanted, ${left} left`, reader.offset);
}
