import type { AedesPublishPacket, PubrelPacket } from 'aedes';
import { Reader, Writer } from '../core/bytes.js';
import type { QoS } from './port.js';

/** A message that waits for a client, or the release of one that the client has received. */
export interface Outgoing {
  readonly packet: AedesPublishPacket | PubrelPacket;
  /** When it was published, ms since 1970. */
  readonly at: number;
}

/** A retained message and when it was published, ms since 1970. */
export interface Retained {
  readonly packet: AedesPublishPacket;
  readonly at: number;
}

/** A will as aedes hands it over, and whose rights hold for it. */
export type Will = Omit<AedesPublishPacket, 'cmd'> & { clientId?: string; username?: string | undefined };

// The first byte of every value: the format, so that a later version can tell what it reads.
const publishFormat = 1;
const pubrelFormat = 2;

/** Message id 0 stands for none. */
export function encodeOutgoing({ packet, at }: Outgoing): Buffer {
  if (packet.cmd === 'pubrel')
    return header(pubrelFormat, at)
      .u16(packet.messageId ?? 0)
      .finish();
  const { topic, payload, qos, messageId } = packet;
  return withTopic(
    header(publishFormat, at)
      .u8(qos)
      .u16(messageId ?? 0),
    topic,
  )
    .bytes(bytesOf(payload))
    .finish();
}

export function decodeOutgoing(value: Buffer, brokerId: string, brokerCounter: number): Outgoing {
  const reader = new Reader(value);
  const format = reader.u8();
  const at = reader.u48();
  if (format === pubrelFormat) return { at, packet: { cmd: 'pubrel', messageId: reader.u16() } };
  const qos = reader.u8() as QoS;
  const messageId = reader.u16() || undefined;
  const topic = reader.text(reader.u16());
  return { at, packet: publication(topic, qos, false, reader.rest(), { brokerId, brokerCounter, messageId }) };
}

export function encodeRetained({ packet, at }: Retained): Buffer {
  return header(publishFormat, at).u8(packet.qos).bytes(bytesOf(packet.payload)).finish();
}

export function decodeRetained(topic: string, value: Buffer): Retained {
  const reader = new Reader(value, 1);
  const at = reader.u48();
  const qos = reader.u8() as QoS;
  return { at, packet: publication(topic, qos, true, reader.rest(), { brokerId: '', brokerCounter: 0 }) };
}

export function encodeWill({ topic, payload, qos, retain, username }: Will): Buffer {
  const writer = header(publishFormat, 0).u8(qos).u8(Number(retain));
  withTopic(writer, username ?? '').u8(Number(username !== undefined));
  return withTopic(writer, topic).bytes(bytesOf(payload)).finish();
}

/** The broker that took the will is gone, so its id is not kept: no id is nobody's. */
export function decodeWill(clientId: string, value: Buffer): Will {
  const reader = new Reader(value, 7);
  const qos = reader.u8() as QoS;
  const retain = reader.u8() === 1;
  const name = reader.text(reader.u16());
  const username = reader.u8() === 1 ? name : undefined;
  const topic = reader.text(reader.u16());
  const { cmd: _, ...will } = publication(topic, qos, retain, reader.rest(), { brokerId: '', brokerCounter: 0 });
  return { ...will, clientId, username };
}

const header = (format: number, at: number): Writer => new Writer().u8(format).u48(at);

const withTopic = (writer: Writer, topic: string): Writer => writer.u16(Buffer.byteLength(topic)).text(topic);

const bytesOf = (payload: string | Buffer): Buffer => (typeof payload === 'string' ? Buffer.from(payload) : payload);

function publication(
  topic: string,
  qos: QoS,
  retain: boolean,
  payload: Buffer,
  rest: { brokerId: string; brokerCounter: number; messageId?: number | undefined },
): AedesPublishPacket {
  const { brokerId, brokerCounter, messageId } = rest;
  return { cmd: 'publish', brokerId, brokerCounter, topic, payload, qos, retain, dup: false, messageId };
}
