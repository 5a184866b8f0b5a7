import type { BrokerRefusal, QoS } from '../broker/port.js';
import type { Effects } from './effects.js';
import {
  type Register,
  ReturnCode,
  type Subscribe,
  shortTopicId,
  type TopicReference,
  type Unsubscribe,
} from './packets.js';
import { returnCodeOf } from './publishing.js';
import type { Session } from './session.js';

/** The client wants an id for a topic name [SN 6.5]. */
export function onRegister(session: Session, packet: Register, out: Effects): void {
  const { msgId, topicName } = packet;
  let topicId = 0;
  let returnCode: ReturnCode = ReturnCode.accepted;
  if (hasWildcard(topicName) || topicName === '') {
    returnCode = ReturnCode.invalidTopicId;
  } else {
    topicId = session.topics.assign(topicName, session.options.maxTopics) ?? 0;
    if (topicId === 0) returnCode = ReturnCode.congestion;
    else announce(session, topicName, out);
  }
  out.push({ type: 'send', packet: { type: 'REGACK', topicId, msgId, returnCode } });
}

/** The client subscribes [SN 6.9]; the answer goes out when the broker has said what it grants. */
export function onSubscribe(session: Session, packet: Subscribe, out: Effects): void {
  const filter = filterOf(session, packet.topic);
  if (filter === undefined) {
    out.push(subAck(packet, 0, 0, ReturnCode.invalidTopicId));
    return;
  }
  if (packet.qos === -1) {
    out.push(subAck(packet, 0, 0, ReturnCode.notSupported));
    return;
  }
  if (session.subscriptions.size >= session.options.maxTopics && !session.subscriptions.has(filter)) {
    out.push(subAck(packet, 0, 0, ReturnCode.congestion));
    return;
  }
  const topicId = subscriptionId(session, packet.topic, filter);
  if (topicId === undefined) {
    out.push(subAck(packet, 0, 0, ReturnCode.congestion));
    return;
  }
  out.push({ type: 'subscribe', filter, qos: packet.qos, topicId, packet });
}

/** The broker's answer to a subscription. */
export function onSubscribed(
  session: Session,
  answer: { packet: Subscribe; filter: string; topicId: number; granted: QoS; refusal?: BrokerRefusal },
  out: Effects,
): void {
  const { packet, filter, topicId, granted, refusal } = answer;
  if (refusal !== undefined) {
    out.push(subAck(packet, 0, 0, returnCodeOf(refusal)));
    return;
  }
  const predefined = packet.topic.kind === 'predefined';
  session.subscriptions.set(filter, predefined ? { qos: granted, predefinedId: topicId } : { qos: granted });
  // With the SUBACK the client learns the id, so no REGISTER need follow.
  if (packet.topic.kind === 'name' && topicId !== 0) session.topics.announce(filter);
  out.push({ type: 'save' }, subAck(packet, granted, topicId, ReturnCode.accepted));
}

/** The client ends a subscription; what it was not subscribed to is acknowledged all the same. */
export function onUnsubscribe(session: Session, packet: Unsubscribe, out: Effects): void {
  const filter = filterOf(session, packet.topic);
  if (filter !== undefined && session.subscriptions.delete(filter)) {
    out.push({ type: 'save' }, { type: 'unsubscribe', filter, packet });
  } else {
    out.push({ type: 'send', packet: { type: 'UNSUBACK', msgId: packet.msgId } });
  }
}

/** The topic id for a SUBACK: 0 where wildcards or a short name leave none; undefined when the client has no id left. */
function subscriptionId(session: Session, topic: TopicReference, filter: string): number | undefined {
  switch (topic.kind) {
    case 'predefined':
      return topic.topicId;
    case 'short':
      return 0;
    case 'name':
      return hasWildcard(filter) ? 0 : session.topics.assign(filter, session.options.maxTopics);
  }
}

function filterOf(session: Session, topic: TopicReference): string | undefined {
  switch (topic.kind) {
    case 'name':
      return topic.name;
    case 'predefined':
      return session.predefined.get(topic.topicId);
    case 'short':
      return shortTopicId(topic.name) === undefined ? undefined : topic.name;
  }
}

function announce(session: Session, topic: string, out: Effects): void {
  if (session.topics.announcedId(topic) !== undefined) return;
  session.topics.announce(topic);
  out.push({ type: 'save' });
}

function subAck(packet: Subscribe, qos: QoS, topicId: number, returnCode: ReturnCode) {
  return { type: 'send', packet: { type: 'SUBACK', qos, topicId, msgId: packet.msgId, returnCode } } as const;
}

function hasWildcard(topic: string): boolean {
  return topic.includes('#') || topic.includes('+');
}
