import fc from 'fast-check';
import type { Packet, QoS, TopicIdType, TopicReference } from '#src/mqttsn/packets.js';

const u8 = fc.integer({ min: 0, max: 0xff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const qos = fc.constantFrom<QoS>(-1, 0, 1, 2);
const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 });
const bytes = (max = 400): fc.Arbitrary<Buffer> => fc.uint8Array({ maxLength: max }).map((array) => Buffer.from(array));
const type = <const T extends string>(name: T): fc.Arbitrary<T> => fc.constant(name);

const reference: fc.Arbitrary<TopicReference> = fc.oneof(
  fc.record({ kind: type('name'), name: text }),
  fc.record({ kind: type('predefined'), topicId: u16 }),
  fc.record({ kind: type('short'), name: fc.constantFrom('ab', 'é', '/x', '00') }),
);

/** Any message that can be written. */
export const anyPacket: fc.Arbitrary<Packet> = fc.oneof<fc.Arbitrary<Packet>[]>(
  fc.record({ type: type('ADVERTISE'), gatewayId: u8, durationSeconds: u16 }),
  fc.record({ type: type('SEARCHGW'), radius: u8 }),
  fc.record({ type: type('GWINFO'), gatewayId: u8 }),
  fc.record({
    type: type('CONNECT'),
    will: fc.boolean(),
    cleanSession: fc.boolean(),
    protocolId: u8,
    durationSeconds: u16,
    clientId: text,
  }),
  fc.record({
    type: fc.constantFrom('CONNACK' as const, 'WILLTOPICRESP' as const, 'WILLMSGRESP' as const),
    returnCode: u8,
  }),
  fc.record({ type: fc.constantFrom('WILLTOPICREQ' as const, 'WILLMSGREQ' as const, 'PINGRESP' as const) }),
  fc.record({
    type: fc.constantFrom('WILLTOPIC' as const, 'WILLTOPICUPD' as const),
    qos,
    retain: fc.boolean(),
    topic: text,
  }),
  fc.record({ type: fc.constantFrom('WILLMSG' as const, 'WILLMSGUPD' as const), payload: bytes() }),
  fc.record({ type: type('REGISTER'), topicId: u16, msgId: u16, topicName: text }),
  fc.record({ type: fc.constantFrom('REGACK' as const, 'PUBACK' as const), topicId: u16, msgId: u16, returnCode: u8 }),
  fc.record({
    type: type('PUBLISH'),
    dup: fc.boolean(),
    qos,
    retain: fc.boolean(),
    topicIdType: fc.constantFrom<TopicIdType>('normal', 'predefined', 'short'),
    topicId: u16,
    msgId: u16,
    payload: bytes(),
  }),
  fc.record({
    type: fc.constantFrom('PUBREC' as const, 'PUBREL' as const, 'PUBCOMP' as const, 'UNSUBACK' as const),
    msgId: u16,
  }),
  fc.record({ type: type('SUBSCRIBE'), dup: fc.boolean(), qos, msgId: u16, topic: reference }),
  fc.record({ type: type('SUBACK'), qos, topicId: u16, msgId: u16, returnCode: u8 }),
  fc.record({ type: type('UNSUBSCRIBE'), msgId: u16, topic: reference }),
  fc.oneof(fc.constant<Packet>({ type: 'PINGREQ' }), fc.record({ type: type('PINGREQ'), clientId: text })),
  fc.oneof(fc.constant<Packet>({ type: 'DISCONNECT' }), fc.record({ type: type('DISCONNECT'), durationSeconds: u16 })),
);

/** Bytes that nearly are a message: one valid message with some bytes changed, cut off or added. */
export function mutate(bytes: Buffer, changes: readonly { at: number; to: number }[], cut: number): Buffer {
  const copy = Buffer.from(bytes);
  for (const { at, to } of changes) copy[at % copy.length] = to;
  return cut === 0 ? copy : copy.subarray(0, copy.length - (cut % copy.length));
}
