import type { BrokerRefusal } from '../broker/port.js';
import type { Effects } from './effects.js';
import { type Publish, ReturnCode, shortName } from './packets.js';
import type { Session } from './session.js';

/** QoS 2 publications whose PUBREL is awaited, of one client. */
const receivedLimit = 100;

/** The client publishes [SN 6.6]. */
export function onPublish(session: Session, packet: Publish, out: Effects): void {
  const topic = topicOf(session, packet);
  if (topic === undefined) {
    out.push(refuse(packet, ReturnCode.invalidTopicId));
    return;
  }
  const { qos } = packet;
  if (qos === 2) {
    const known = session.received?.get(packet.msgId);
    if (known === true) out.push({ type: 'send', packet: { type: 'PUBREC', msgId: packet.msgId } });
    if (known !== undefined) return;
    session.received ??= new Map();
    if (session.received.size >= receivedLimit) {
      out.push(refuse(packet, ReturnCode.congestion));
      return;
    }
    session.received.set(packet.msgId, false);
  }
  const message = { topic, payload: packet.payload, qos: qos === -1 ? 0 : qos, retain: packet.retain } as const;
  out.push({ type: 'publish', message, packet });
}

/** The broker's answer to a publication of the client. */
export function onPublished(session: Session, packet: Publish, refusal: BrokerRefusal | undefined, out: Effects): void {
  if (refusal !== undefined) {
    if (packet.qos === 2) session.received?.delete(packet.msgId);
    out.push(refuse(packet, returnCodeOf(refusal)));
  } else if (packet.qos === 1) {
    const { topicId, msgId } = packet;
    out.push({ type: 'send', packet: { type: 'PUBACK', topicId, msgId, returnCode: ReturnCode.accepted } });
  } else if (packet.qos === 2) {
    session.received?.set(packet.msgId, true);
    out.push({ type: 'save' }, { type: 'send', packet: { type: 'PUBREC', msgId: packet.msgId } });
  }
}

/** The client releases a QoS 2 publication. Answered in any case: the first PUBCOMP may have been lost. */
export function onPubRel(session: Session, msgId: number, out: Effects): void {
  if (session.received?.delete(msgId) === true) out.push({ type: 'save' });
  out.push({ type: 'send', packet: { type: 'PUBCOMP', msgId } });
}

/** The return code that tells a device what the broker said. */
export function returnCodeOf(refusal: BrokerRefusal): ReturnCode {
  switch (refusal.code) {
    case 'UNAVAILABLE':
      return ReturnCode.congestion;
    case 'BAD_TOPIC':
      return ReturnCode.invalidTopicId;
    case 'BAD_CREDENTIALS':
    case 'NOT_AUTHORIZED':
      return ReturnCode.notSupported;
  }
}

/** PUBACK is the answer to a refused PUBLISH of every QoS [SN 5.4.13]. */
function refuse(packet: Publish, returnCode: ReturnCode) {
  const { topicId, msgId } = packet;
  return { type: 'send', packet: { type: 'PUBACK', topicId, msgId, returnCode } } as const;
}

/** The topic name a PUBLISH means. */
export function topicOf(session: Pick<Session, 'topics' | 'predefined'>, packet: Publish): string | undefined {
  switch (packet.topicIdType) {
    case 'normal':
      return session.topics.name(packet.topicId);
    case 'predefined':
      return session.predefined.get(packet.topicId);
    case 'short':
      return shortName(packet.topicId);
  }
}
