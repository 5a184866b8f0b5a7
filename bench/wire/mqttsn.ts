// The few MQTT-SN 1.2 frames the generator needs, written apart from src/ so that the gateway's codec is not measured
// against itself.

export const msgType = {
  searchGw: 0x01,
  gwInfo: 0x02,
  connect: 0x04,
  connack: 0x05,
  register: 0x0a,
  regack: 0x0b,
  publish: 0x0c,
  puback: 0x0d,
  subscribe: 0x12,
  suback: 0x13,
  pingreq: 0x16,
  pingresp: 0x17,
  disconnect: 0x18,
} as const;

const cleanSession = 0x04;
const protocolId = 1;

/** One frame: the length byte, the type, the body. Bodies here are shorter than 254 bytes. */
export function frame(type: number, ...body: (number | Buffer)[]): Buffer {
  const bytes = Buffer.concat(body.map((part) => (typeof part === 'number' ? Buffer.from([part]) : part)));
  return Buffer.concat([Buffer.from([bytes.length + 2, type]), bytes]);
}

export const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);

export const searchGw = (): Buffer => frame(msgType.searchGw, 0);

export const connect = (clientId: string, durationSeconds: number): Buffer =>
  frame(msgType.connect, cleanSession, protocolId, u16(durationSeconds), Buffer.from(clientId));

/** A CONNECT that keeps the session. */
export const reconnect = (clientId: string, durationSeconds: number): Buffer =>
  frame(msgType.connect, 0, protocolId, u16(durationSeconds), Buffer.from(clientId));

export const register = (topic: string, msgId: number): Buffer =>
  frame(msgType.register, u16(0), u16(msgId), Buffer.from(topic));

export const subscribe = (topic: string, qos: number, msgId: number): Buffer =>
  frame(msgType.subscribe, qos << 5, u16(msgId), Buffer.from(topic));

export const disconnect = (sleepSeconds?: number): Buffer =>
  sleepSeconds === undefined ? frame(msgType.disconnect) : frame(msgType.disconnect, u16(sleepSeconds));

/** A PUBLISH with a registered topic; the payload starts with the sender's lane and number, so that its receiver can tell. */
export function publish(qos: number, topicId: number, seq: number, lane: number, payload: number): Buffer {
  const bytes = Buffer.allocUnsafe(7 + payload);
  bytes[0] = 7 + payload;
  bytes[1] = msgType.publish;
  bytes[2] = qos << 5;
  bytes.writeUInt16BE(topicId, 3);
  bytes.writeUInt16BE(qos === 0 ? 0 : seq, 5);
  bytes.writeUInt16BE(lane, 7);
  bytes.writeUInt16BE(seq, 9);
  bytes.fill(0x2e, 11);
  return bytes;
}

/** A PUBLISH with a registered topic and a payload shorter than 249 bytes. */
export const publishOf = (qos: number, topicId: number, msgId: number, payload: Buffer): Buffer =>
  frame(msgType.publish, qos << 5, u16(topicId), u16(msgId), payload);

/** The same PUBLISH, sent again. */
export function repeated(published: Buffer): Buffer {
  const bytes = Buffer.from(published);
  bytes[2] = (bytes[2] ?? 0) | 0x80;
  return bytes;
}

/** The PUBACK that answers this PUBLISH. */
export function puback(published: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(7);
  bytes[0] = 7;
  bytes[1] = msgType.puback;
  published.copy(bytes, 2, 3, 7);
  bytes[6] = 0;
  return bytes;
}

/** The REGACK that accepts this REGISTER. */
export const regack = (registered: Buffer): Buffer => frame(msgType.regack, registered.subarray(2, 6), 0);
