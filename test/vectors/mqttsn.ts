import type { Packet } from '#src/mqttsn/packets.js';

/** A message as bytes and as value; `oneWay` marks bytes that are legal to receive but not what we would write. */
export interface Vector {
  readonly hex: string;
  readonly packet: Packet;
  readonly line: string;
  readonly oneWay?: boolean;
}

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
const long = Buffer.alloc(300, 0x61);

/** All 28 messages of MQTT-SN 1.2, each at least once. */
export const vectors: readonly Vector[] = [
  {
    hex: '05 00 01 0384',
    packet: { type: 'ADVERTISE', gatewayId: 1, durationSeconds: 900 },
    line: 'ADVERTISE gateway=1 duration=900s',
  },
  { hex: '03 01 00', packet: { type: 'SEARCHGW', radius: 0 }, line: 'SEARCHGW radius=0' },
  { hex: '03 02 07', packet: { type: 'GWINFO', gatewayId: 7 }, line: 'GWINFO gateway=7' },
  {
    hex: '07 02 07 7f000001',
    packet: { type: 'GWINFO', gatewayId: 7, address: bytes('7f000001') },
    line: 'GWINFO gateway=7 address=7f000001',
  },
  {
    hex: '0a 04 04 01 003c 64657631',
    packet: { type: 'CONNECT', will: false, cleanSession: true, protocolId: 1, durationSeconds: 60, clientId: 'dev1' },
    line: 'CONNECT client="dev1" duration=60s clean',
  },
  {
    hex: '0a 04 08 02 ffff 64657631',
    packet: {
      type: 'CONNECT',
      will: true,
      cleanSession: false,
      protocolId: 2,
      durationSeconds: 65535,
      clientId: 'dev1',
    },
    line: 'CONNECT client="dev1" duration=65535s will protocol=2',
  },
  {
    hex: '06 04 00 01 0000',
    packet: { type: 'CONNECT', will: false, cleanSession: false, protocolId: 1, durationSeconds: 0, clientId: '' },
    line: 'CONNECT client="" duration=0s',
  },
  { hex: '03 05 00', packet: { type: 'CONNACK', returnCode: 0 }, line: 'CONNACK rc=accepted' },
  { hex: '03 05 01', packet: { type: 'CONNACK', returnCode: 1 }, line: 'CONNACK rc=congestion' },
  { hex: '02 06', packet: { type: 'WILLTOPICREQ' }, line: 'WILLTOPICREQ' },
  {
    hex: '07 07 30 77696c6c',
    packet: { type: 'WILLTOPIC', qos: 1, retain: true, topic: 'will' },
    line: 'WILLTOPIC topic="will" qos=1 retain',
  },
  { hex: '02 07', packet: { type: 'WILLTOPIC', qos: 0, retain: false, topic: '' }, line: 'WILLTOPIC empty' },
  { hex: '02 08', packet: { type: 'WILLMSGREQ' }, line: 'WILLMSGREQ' },
  { hex: '05 09 627965', packet: { type: 'WILLMSG', payload: Buffer.from('bye') }, line: 'WILLMSG 3 bytes' },
  { hex: '02 09', packet: { type: 'WILLMSG', payload: Buffer.alloc(0) }, line: 'WILLMSG 0 bytes' },
  {
    hex: '09 0a 0000 0001 612f62',
    packet: { type: 'REGISTER', topicId: 0, msgId: 1, topicName: 'a/b' },
    line: 'REGISTER id=0 msg=1 topic="a/b"',
  },
  {
    hex: '07 0b 0005 0001 00',
    packet: { type: 'REGACK', topicId: 5, msgId: 1, returnCode: 0 },
    line: 'REGACK id=5 msg=1 rc=accepted',
  },
  {
    hex: '09 0c 00 0005 0000 6869',
    packet: {
      type: 'PUBLISH',
      dup: false,
      qos: 0,
      retain: false,
      topicIdType: 'normal',
      topicId: 5,
      msgId: 0,
      payload: Buffer.from('hi'),
    },
    line: 'PUBLISH topic=normal 5 msg=0 qos=0 2 bytes',
  },
  {
    hex: '09 0c b1 0001 0102 6869',
    packet: {
      type: 'PUBLISH',
      dup: true,
      qos: 1,
      retain: true,
      topicIdType: 'predefined',
      topicId: 1,
      msgId: 258,
      payload: Buffer.from('hi'),
    },
    line: 'PUBLISH topic=predefined 1 msg=258 qos=1 dup retain 2 bytes',
  },
  {
    hex: '07 0c 62 6162 0000',
    packet: {
      type: 'PUBLISH',
      dup: false,
      qos: -1,
      retain: false,
      topicIdType: 'short',
      topicId: 0x6162,
      msgId: 0,
      payload: Buffer.alloc(0),
    },
    line: 'PUBLISH topic="ab" msg=0 qos=-1 0 bytes',
  },
  {
    hex: `01 0135 0c 40 0005 ffff ${long.toString('hex')}`,
    packet: {
      type: 'PUBLISH',
      dup: false,
      qos: 2,
      retain: false,
      topicIdType: 'normal',
      topicId: 5,
      msgId: 65535,
      payload: long,
    },
    line: 'PUBLISH topic=normal 5 msg=65535 qos=2 300 bytes',
  },
  {
    hex: '01 000b 0c 00 0005 0000 6869',
    packet: {
      type: 'PUBLISH',
      dup: false,
      qos: 0,
      retain: false,
      topicIdType: 'normal',
      topicId: 5,
      msgId: 0,
      payload: Buffer.from('hi'),
    },
    line: 'PUBLISH topic=normal 5 msg=0 qos=0 2 bytes',
    oneWay: true,
  },
  {
    hex: '07 0d 0005 0102 02',
    packet: { type: 'PUBACK', topicId: 5, msgId: 258, returnCode: 2 },
    line: 'PUBACK id=5 msg=258 rc=invalid-topic-id',
  },
  { hex: '04 0e 0102', packet: { type: 'PUBCOMP', msgId: 258 }, line: 'PUBCOMP msg=258' },
  { hex: '04 0f 0102', packet: { type: 'PUBREC', msgId: 258 }, line: 'PUBREC msg=258' },
  { hex: '04 10 0102', packet: { type: 'PUBREL', msgId: 258 }, line: 'PUBREL msg=258' },
  {
    hex: '08 12 20 0007 612f2b',
    packet: { type: 'SUBSCRIBE', dup: false, qos: 1, msgId: 7, topic: { kind: 'name', name: 'a/+' } },
    line: 'SUBSCRIBE topic="a/+" msg=7 qos=1',
  },
  {
    hex: '07 12 c1 0007 0002',
    packet: { type: 'SUBSCRIBE', dup: true, qos: 2, msgId: 7, topic: { kind: 'predefined', topicId: 2 } },
    line: 'SUBSCRIBE topic=predefined 2 msg=7 qos=2 dup',
  },
  {
    hex: '07 12 02 0007 6162',
    packet: { type: 'SUBSCRIBE', dup: false, qos: 0, msgId: 7, topic: { kind: 'short', name: 'ab' } },
    line: 'SUBSCRIBE topic="ab" msg=7 qos=0',
  },
  {
    hex: '08 13 40 0005 0007 00',
    packet: { type: 'SUBACK', qos: 2, topicId: 5, msgId: 7, returnCode: 0 },
    line: 'SUBACK id=5 msg=7 qos=2 rc=accepted',
  },
  {
    hex: '06 14 00 0008 61',
    packet: { type: 'UNSUBSCRIBE', msgId: 8, topic: { kind: 'name', name: 'a' } },
    line: 'UNSUBSCRIBE topic="a" msg=8',
  },
  { hex: '04 15 0008', packet: { type: 'UNSUBACK', msgId: 8 }, line: 'UNSUBACK msg=8' },
  { hex: '02 16', packet: { type: 'PINGREQ' }, line: 'PINGREQ' },
  { hex: '06 16 64657631', packet: { type: 'PINGREQ', clientId: 'dev1' }, line: 'PINGREQ client="dev1"' },
  { hex: '02 17', packet: { type: 'PINGRESP' }, line: 'PINGRESP' },
  { hex: '02 18', packet: { type: 'DISCONNECT' }, line: 'DISCONNECT' },
  { hex: '04 18 012c', packet: { type: 'DISCONNECT', durationSeconds: 300 }, line: 'DISCONNECT duration=300s' },
  {
    hex: '04 1a 40 77',
    packet: { type: 'WILLTOPICUPD', qos: 2, retain: false, topic: 'w' },
    line: 'WILLTOPICUPD topic="w" qos=2',
  },
  { hex: '02 1a', packet: { type: 'WILLTOPICUPD', qos: 0, retain: false, topic: '' }, line: 'WILLTOPICUPD empty' },
  { hex: '03 1b 00', packet: { type: 'WILLTOPICRESP', returnCode: 0 }, line: 'WILLTOPICRESP rc=accepted' },
  { hex: '03 1c 78', packet: { type: 'WILLMSGUPD', payload: Buffer.from('x') }, line: 'WILLMSGUPD 1 bytes' },
  { hex: '03 1d 03', packet: { type: 'WILLMSGRESP', returnCode: 3 }, line: 'WILLMSGRESP rc=not-supported' },
  {
    hex: '05 fe 01 aabb 02 16',
    packet: { type: 'ENCAPSULATED', radius: 1, nodeId: bytes('aabb'), message: bytes('0216') },
    line: 'ENCAPSULATED node=aabb radius=1 2 bytes',
  },
];

/** Bytes that are no message, and why. */
export const malformed: readonly (readonly [hex: string, reason: string])[] = [
  ['', 'nothing'],
  ['00', 'length 0'],
  ['01', 'long length cut off'],
  ['01 00', 'long length cut off'],
  ['01 0003', 'long length that ends before the type'],
  ['02', 'no type'],
  ['03 16', 'shorter than its length'],
  ['01 ffff 16', 'shorter than its long length'],
  ['02 03', 'reserved type 3'],
  ['02 11', 'reserved type 0x11'],
  ['02 19', 'reserved type 0x19'],
  ['02 1e', 'reserved type 0x1e'],
  ['02 ff', 'reserved type 0xff'],
  ['02 01', 'SEARCHGW without radius'],
  ['05 04 04 01 00', 'CONNECT without duration'],
  ['06 0c 00 0005 00', 'PUBLISH without message id'],
  ['07 0c 03 0005 0000', 'PUBLISH with topic id type 3'],
  ['07 12 03 0007 0001', 'SUBSCRIBE with topic id type 3'],
  ['08 12 01 0007 000102', 'SUBSCRIBE with three bytes of pre-defined id'],
  ['06 12 02 0007 61', 'SUBSCRIBE with one byte of short name'],
  ['05 12 00 0007', 'SUBSCRIBE without topic'],
  ['06 0a 0000 0001', 'REGISTER without topic'],
  ['08 0b 0005 0001 00 00', 'REGACK with a byte too many'],
  ['03 17 00', 'PINGRESP with a byte too many'],
  ['03 18 00', 'DISCONNECT with half a duration'],
  ['03 16 ff', 'client id that is not UTF-8'],
  ['07 0a 0000 0001 c0', 'topic name that is not UTF-8'],
  ['02 fe', 'ENCAPSULATED without Ctrl'],
  ['03 fe 00', 'ENCAPSULATED without a message'],
  ['03 fe 00 03 16', 'ENCAPSULATED with a message cut off'],
  ['03 fe 00 01 ffff', 'ENCAPSULATED with a long message cut off'],
  ['03 fe 00 00', 'ENCAPSULATED with a message of length 0'],
];
