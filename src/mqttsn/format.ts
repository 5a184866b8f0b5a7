import { assertNever } from '../core/errors.js';
import { type Packet, shortName, type TopicReference } from './packets.js';

/** A message on one line, for logs: its name and its fields in the order of the specification. Payloads only by length. */
export function format(packet: Packet): string {
  switch (packet.type) {
    case 'ADVERTISE':
      return `ADVERTISE gateway=${packet.gatewayId} duration=${packet.durationSeconds}s`;
    case 'SEARCHGW':
      return `SEARCHGW radius=${packet.radius}`;
    case 'GWINFO':
      return `GWINFO gateway=${packet.gatewayId}${packet.address ? ` address=${packet.address.toString('hex')}` : ''}`;
    case 'CONNECT':
      return `CONNECT client=${quote(packet.clientId)} duration=${packet.durationSeconds}s${on('clean', packet.cleanSession)}${on('will', packet.will)}${packet.protocolId === 1 ? '' : ` protocol=${packet.protocolId}`}`;
    case 'CONNACK':
    case 'WILLTOPICRESP':
    case 'WILLMSGRESP':
      return `${packet.type} ${returnCode(packet.returnCode)}`;
    case 'WILLTOPICREQ':
    case 'WILLMSGREQ':
    case 'PINGRESP':
      return packet.type;
    case 'WILLTOPIC':
    case 'WILLTOPICUPD':
      if (packet.topic === '') return `${packet.type} empty`;
      return `${packet.type} topic=${quote(packet.topic)} qos=${packet.qos}${on('retain', packet.retain)}`;
    case 'WILLMSG':
    case 'WILLMSGUPD':
      return `${packet.type} ${packet.payload.length} bytes`;
    case 'REGISTER':
      return `REGISTER id=${packet.topicId} msg=${packet.msgId} topic=${quote(packet.topicName)}`;
    case 'REGACK':
    case 'PUBACK':
      return `${packet.type} id=${packet.topicId} msg=${packet.msgId} ${returnCode(packet.returnCode)}`;
    case 'PUBLISH': {
      const topic =
        packet.topicIdType === 'short' ? quote(shortName(packet.topicId)) : `${packet.topicIdType} ${packet.topicId}`;
      return `PUBLISH topic=${topic} msg=${packet.msgId} qos=${packet.qos}${on('dup', packet.dup)}${on('retain', packet.retain)} ${packet.payload.length} bytes`;
    }
    case 'PUBREC':
    case 'PUBREL':
    case 'PUBCOMP':
    case 'UNSUBACK':
      return `${packet.type} msg=${packet.msgId}`;
    case 'SUBSCRIBE':
      return `SUBSCRIBE ${topicReference(packet.topic)} msg=${packet.msgId} qos=${packet.qos}${on('dup', packet.dup)}`;
    case 'UNSUBSCRIBE':
      return `UNSUBSCRIBE ${topicReference(packet.topic)} msg=${packet.msgId}`;
    case 'SUBACK':
      return `SUBACK id=${packet.topicId} msg=${packet.msgId} qos=${packet.qos} ${returnCode(packet.returnCode)}`;
    case 'PINGREQ':
      return packet.clientId === undefined ? 'PINGREQ' : `PINGREQ client=${quote(packet.clientId)}`;
    case 'DISCONNECT':
      return packet.durationSeconds === undefined ? 'DISCONNECT' : `DISCONNECT duration=${packet.durationSeconds}s`;
    case 'ENCAPSULATED':
      return `ENCAPSULATED node=${packet.nodeId.toString('hex')} radius=${packet.radius} ${packet.message.length} bytes`;
    default:
      return assertNever(packet);
  }
}

const returnCodes = ['accepted', 'congestion', 'invalid-topic-id', 'not-supported'];

function returnCode(code: number): string {
  return `rc=${returnCodes[code] ?? code}`;
}

function topicReference(topic: TopicReference): string {
  return topic.kind === 'predefined' ? `topic=predefined ${topic.topicId}` : `topic=${quote(topic.name)}`;
}

function on(name: string, value: boolean): string {
  return value ? ` ${name}` : '';
}

/** JSON's quoting keeps a hostile name on one line. */
function quote(text: string): string {
  return JSON.stringify(text);
}
