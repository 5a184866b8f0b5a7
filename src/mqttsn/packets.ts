/** Return codes [SN 5.3.10]; 4 to 255 are reserved and never sent. */
export const ReturnCode = {
  accepted: 0,
  congestion: 1,
  invalidTopicId: 2,
  notSupported: 3,
} as const;
export type ReturnCode = number;

/** Quality of service; -1 is a PUBLISH without any connection [SN 6.8]. */
export type QoS = -1 | 0 | 1 | 2;

/** What a TopicId field holds [SN 5.3.4]: a registered id, a pre-defined id, or the two bytes of a short topic name. */
export type TopicIdType = 'normal' | 'predefined' | 'short';

/** The topic of a SUBSCRIBE or UNSUBSCRIBE: a name or filter, a pre-defined id, or a short name of two bytes. */
export type TopicReference =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'predefined'; readonly topicId: number }
  | { readonly kind: 'short'; readonly name: string };

/** [SN 5.4.1] `durationSeconds`: until the next one, 0..65535. */
export interface Advertise {
  readonly type: 'ADVERTISE';
  readonly gatewayId: number;
  readonly durationSeconds: number;
}

/** [SN 5.4.2] */
export interface SearchGw {
  readonly type: 'SEARCHGW';
  readonly radius: number;
}

/** [SN 5.4.3] The address is there only if a client sent it. */
export interface GwInfo {
  readonly type: 'GWINFO';
  readonly gatewayId: number;
  readonly address?: Buffer;
}

/** [SN 5.4.4] `durationSeconds` is the keep alive time, 0: none. */
export interface Connect {
  readonly type: 'CONNECT';
  readonly will: boolean;
  readonly cleanSession: boolean;
  /** 1 is MQTT-SN 1.2; others are for the session to refuse. */
  readonly protocolId: number;
  readonly durationSeconds: number;
  readonly clientId: string;
}

/** Messages that carry only a return code. */
export interface ReturnCodeOnly<T extends string> {
  readonly type: T;
  readonly returnCode: ReturnCode;
}
export type ConnAck = ReturnCodeOnly<'CONNACK'>;
export type WillTopicResp = ReturnCodeOnly<'WILLTOPICRESP'>;
export type WillMsgResp = ReturnCodeOnly<'WILLMSGRESP'>;

/** Messages without any field. */
export interface Bare<T extends string> {
  readonly type: T;
}
export type WillTopicReq = Bare<'WILLTOPICREQ'>;
export type WillMsgReq = Bare<'WILLMSGREQ'>;
export type PingResp = Bare<'PINGRESP'>;

/** [SN 5.4.7] [SN 5.4.22] An empty topic is the message of two bytes: it deletes the will. */
export interface WillTopic {
  readonly type: 'WILLTOPIC' | 'WILLTOPICUPD';
  readonly qos: QoS;
  readonly retain: boolean;
  readonly topic: string;
}

/** [SN 5.4.9] [SN 5.4.23] */
export interface WillMsg {
  readonly type: 'WILLMSG' | 'WILLMSGUPD';
  readonly payload: Buffer;
}

/** [SN 5.4.10] From a client the topic id is 0. */
export interface Register {
  readonly type: 'REGISTER';
  readonly topicId: number;
  readonly msgId: number;
  readonly topicName: string;
}

/** [SN 5.4.11] [SN 5.4.13] */
export interface RegAck {
  readonly type: 'REGACK';
  readonly topicId: number;
  readonly msgId: number;
  readonly returnCode: ReturnCode;
}
export interface PubAck {
  readonly type: 'PUBACK';
  readonly topicId: number;
  readonly msgId: number;
  readonly returnCode: ReturnCode;
}

/** [SN 5.4.12] A short name is in `topicId` as its two bytes. */
export interface Publish {
  readonly type: 'PUBLISH';
  readonly dup: boolean;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly topicIdType: TopicIdType;
  readonly topicId: number;
  /** 0 with QoS 0 and -1. */
  readonly msgId: number;
  readonly payload: Buffer;
}

/** Messages that carry only a message id [SN 5.4.14] [SN 5.4.18]. */
export interface MsgIdOnly<T extends string> {
  readonly type: T;
  readonly msgId: number;
}
export type PubRec = MsgIdOnly<'PUBREC'>;
export type PubRel = MsgIdOnly<'PUBREL'>;
export type PubComp = MsgIdOnly<'PUBCOMP'>;
export type UnsubAck = MsgIdOnly<'UNSUBACK'>;

/** [SN 5.4.15] */
export interface Subscribe {
  readonly type: 'SUBSCRIBE';
  readonly dup: boolean;
  readonly qos: QoS;
  readonly msgId: number;
  readonly topic: TopicReference;
}

/** [SN 5.4.16] `topicId` is 0 for a filter with wildcards and for a short name. */
export interface SubAck {
  readonly type: 'SUBACK';
  readonly qos: QoS;
  readonly topicId: number;
  readonly msgId: number;
  readonly returnCode: ReturnCode;
}

/** [SN 5.4.17] */
export interface Unsubscribe {
  readonly type: 'UNSUBSCRIBE';
  readonly msgId: number;
  readonly topic: TopicReference;
}

/** [SN 5.4.19] With a client id a sleeping client asks for its messages. */
export interface PingReq {
  readonly type: 'PINGREQ';
  readonly clientId?: string;
}

/** [SN 5.4.21] With a duration the client goes to sleep. */
export interface Disconnect {
  readonly type: 'DISCONNECT';
  readonly durationSeconds?: number;
}

/** [SN 5.5] A message of a wireless node, wrapped by a forwarder. */
export interface Encapsulated {
  readonly type: 'ENCAPSULATED';
  /** Broadcast radius, the low two bits of Ctrl. */
  readonly radius: number;
  readonly nodeId: Buffer;
  readonly message: Buffer;
}

/** Any message of MQTT-SN 1.2. */
export type Packet =
  | Advertise
  | SearchGw
  | GwInfo
  | Connect
  | ConnAck
  | WillTopicReq
  | WillTopic
  | WillMsgReq
  | WillMsg
  | Register
  | RegAck
  | Publish
  | PubAck
  | PubRec
  | PubRel
  | PubComp
  | Subscribe
  | SubAck
  | Unsubscribe
  | UnsubAck
  | PingReq
  | PingResp
  | Disconnect
  | WillTopicResp
  | WillMsgResp
  | Encapsulated;

/** The MsgType octet of each message [SN 5.2.2]. */
export const msgTypes = {
  ADVERTISE: 0x00,
  SEARCHGW: 0x01,
  GWINFO: 0x02,
  CONNECT: 0x04,
  CONNACK: 0x05,
  WILLTOPICREQ: 0x06,
  WILLTOPIC: 0x07,
  WILLMSGREQ: 0x08,
  WILLMSG: 0x09,
  REGISTER: 0x0a,
  REGACK: 0x0b,
  PUBLISH: 0x0c,
  PUBACK: 0x0d,
  PUBCOMP: 0x0e,
  PUBREC: 0x0f,
  PUBREL: 0x10,
  SUBSCRIBE: 0x12,
  SUBACK: 0x13,
  UNSUBSCRIBE: 0x14,
  UNSUBACK: 0x15,
  PINGREQ: 0x16,
  PINGRESP: 0x17,
  DISCONNECT: 0x18,
  WILLTOPICUPD: 0x1a,
  WILLTOPICRESP: 0x1b,
  WILLMSGUPD: 0x1c,
  WILLMSGRESP: 0x1d,
  ENCAPSULATED: 0xfe,
} as const satisfies Record<Packet['type'], number>;

/** Bits of the Flags octet [SN 5.3.4]. */
export const flagBits = {
  dup: 0x80,
  qos: 0x60,
  retain: 0x10,
  will: 0x08,
  cleanSession: 0x04,
  topicIdType: 0x03,
} as const;

/** TopicIdType by its two bits; 3 is reserved. */
export const topicIdTypes: readonly TopicIdType[] = ['normal', 'predefined', 'short'];

/** The largest message: what its 16-bit length can say [SN 5.2.1]. */
export const maxMessageLength = 65535;

/** The two bytes of a short topic name as the number that a TopicId field holds; undefined if it is not two bytes. */
export function shortTopicId(name: string): number | undefined {
  if (name.length > 2) return undefined;
  const bytes = Buffer.from(name);
  return bytes.length === 2 ? bytes.readUInt16BE() : undefined;
}

/** The short topic name in a TopicId field. Bytes that are not UTF-8 become U+FFFD, which no two-byte name holds. */
export function shortName(topicId: number): string {
  return Buffer.from([topicId >> 8, topicId & 0xff]).toString();
}
