import type { BrokerRefusal } from '../broker/port.js';
import type { Effects } from './effects.js';
import { type Publish, ReturnCode, shortName } from './packets.js';
import type { Session } from './session.js';

/** QoS 2 publications remembered of one client. */
const receivedLimit = 100;

/**
 * How long a released QoS 2 publication is remembered, ms. A network may deliver a copy of its PUBLISH after its PUBREL;
 * within this time the same id with the same content is taken for one.
 */
const lateCopyMs = 5000;

/** The client publishes [SN 6.6]. */
export function onPublish(session: Session, packet: Publish, now: number, out: Effects): void {
  const topic = topicOf(session, packet);
  if (topic === undefined) {
    out.push(refuse(packet, ReturnCode.invalidTopicId));
    return;
  }
  const { qos } = packet;
  if (qos === 2 && !receive(session, packet, now, out)) return;
  const message = { topic, payload: packet.payload, qos: qos === -1 ? 0 : qos, retain: packet.retain } as const;
  out.push({ type: 'publish', message, packet });
}

/** Notes a QoS 2 publication; false if it is not to be published, because it has been or because there are too many. */
function receive(session: Session, packet: Publish, now: number, out: Effects): boolean {
  session.received ??= new Map();
  const { received } = session;
  const known = received.get(packet.msgId);
  if (known !== undefined) {
    const copy = known.stage !== 'released' || (known.at + lateCopyMs > now && sameContent(known.packet, packet));
    if (copy) {
      known.packet ??= packet;
      if (known.stage !== 'publishing') out.push(pubRec(packet.msgId));
      return false;
    }
    received.delete(packet.msgId);
  }
  for (const [msgId, { stage, at }] of received) {
    if (stage === 'released' && (at + lateCopyMs <= now || received.size >= receivedLimit)) received.delete(msgId);
  }
  if (received.size >= receivedLimit) {
    out.push(refuse(packet, ReturnCode.congestion));
    return false;
  }
  received.set(packet.msgId, { stage: 'publishing', packet, at: now });
  // Together with the publication, not after it: see Journal.saveReceived.
  out.push({ type: 'received', msgId: packet.msgId });
  return true;
}

/** The broker's answer to a publication of the client. */
export function onPublished(session: Session, packet: Publish, refusal: BrokerRefusal | undefined, out: Effects): void {
  if (refusal !== undefined) {
    if (packet.qos === 2 && session.received?.delete(packet.msgId) === true) {
      out.push({ type: 'released', msgId: packet.msgId });
    }
    out.push(refuse(packet, returnCodeOf(refusal)));
  } else if (packet.qos === 1) {
    const { topicId, msgId } = packet;
    out.push({ type: 'send', packet: { type: 'PUBACK', topicId, msgId, returnCode: ReturnCode.accepted } });
  } else if (packet.qos === 2) {
    const known = session.received?.get(packet.msgId);
    if (known !== undefined) known.stage = 'published';
    out.push(pubRec(packet.msgId));
  }
}

/**
 * The client releases a QoS 2 publication. Answered in any case: the first PUBCOMP may have been lost. With PUBCOMP the
 * client may use the id again, so the store must have forgotten it by then.
 */
export function onPubRel(session: Session, msgId: number, now: number, out: Effects): void {
  const known = session.received?.get(msgId);
  if (known?.stage === 'published') {
    known.stage = 'released';
    known.at = now;
    // Of what came before a restart the content is not known: a late copy could not be told from something new.
    if (known.packet === undefined) session.received?.delete(msgId);
    out.push({ type: 'released', msgId });
  }
  out.push({ type: 'send', packet: { type: 'PUBCOMP', msgId } });
}

function pubRec(msgId: number) {
  return { type: 'send', packet: { type: 'PUBREC', msgId } } as const;
}

function sameContent(a: Publish | undefined, b: Publish): boolean {
  if (a === undefined) return true;
  return a.topicId === b.topicId && a.topicIdType === b.topicIdType && a.payload.equals(b.payload);
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
