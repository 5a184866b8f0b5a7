import type { Effects } from './effects.js';
import { type PubAck, type RegAck, ReturnCode } from './packets.js';
import { discard, drop, pump } from './sending.js';
import { type Outgoing, retryAt, type Session } from './session.js';
import { drained } from './sleeping.js';

/** How often a client may refuse the topic id of one message before the message is given up. */
const refusalLimit = 3;

/** The client answers our REGISTER [SN 6.10]. Only the answer to the REGISTER on the way counts. */
export function onRegAck(session: Session, packet: RegAck, now: number, out: Effects): void {
  const { registering } = session;
  if (registering === undefined || registering.msgId !== packet.msgId || registering.topicId !== packet.topicId) {
    out.push({ type: 'count', name: 'unexpected_packets' });
    return;
  }
  session.registering = undefined;
  switch (packet.returnCode) {
    case ReturnCode.accepted:
      session.topics.announce(registering.topic);
      out.push({ type: 'save' });
      break;
    case ReturnCode.congestion:
      session.congestedUntil = now + session.options.congestionWaitMs;
      break;
    default:
      // The client does not want this topic: its messages go, others flow.
      session.queue = session.queue.filter(
        (outgoing) => outgoing.topic !== registering.topic || !drop(outgoing, 'dropped_refused', out),
      );
  }
  goOn(session, now, out);
}

/** The client answers a PUBLISH with QoS 1, or refuses one of any QoS [SN 5.4.13]. */
export function onPubAck(session: Session, packet: PubAck, now: number, out: Effects): void {
  const outgoing = session.inflight.find((one) => one.msgId === packet.msgId && one.stage === 'publish');
  if (packet.returnCode === ReturnCode.accepted) {
    if (outgoing?.qos === 1) finish(session, outgoing, out);
    else out.push({ type: 'count', name: 'unexpected_packets' });
  } else {
    if (outgoing !== undefined) onRefused(session, outgoing, packet, now, out);
    else if (packet.msgId !== 0) out.push({ type: 'count', name: 'unexpected_packets' });
    if (packet.returnCode === ReturnCode.invalidTopicId) forgetTopic(session, packet.topicId);
  }
  goOn(session, now, out);
}

function onRefused(session: Session, outgoing: Outgoing, packet: PubAck, now: number, out: Effects): void {
  session.inflight = session.inflight.filter((one) => one !== outgoing);
  outgoing.refused++;
  const { returnCode } = packet;
  if (returnCode === ReturnCode.congestion) {
    session.congestedUntil = now + session.options.congestionWaitMs;
    session.queue.unshift(outgoing);
  } else if (
    returnCode === ReturnCode.invalidTopicId &&
    outgoing.refused < refusalLimit &&
    session.topics.id(outgoing.topic) === packet.topicId
  ) {
    // The client has forgotten the id: the same message goes again behind a REGISTER. For pre-defined ids and short
    // names there is nothing to register [SN 6.7].
    session.queue.unshift(outgoing);
  } else {
    drop(outgoing, 'dropped_refused', out);
  }
}

/** The client does not know this id: whatever is on its way under it waits for a REGISTER. */
function forgetTopic(session: Session, topicId: number): void {
  const name = session.topics.name(topicId);
  session.topics.retract(topicId);
  const affected = session.inflight.filter((one) => one.stage === 'publish' && one.topic === name);
  if (affected.length === 0) return;
  session.inflight = session.inflight.filter((one) => !affected.includes(one));
  session.queue.unshift(...affected);
}

/** First answer to a QoS 2 PUBLISH. An unknown id is answered too, so that the client can finish. */
export function onPubRec(session: Session, msgId: number, now: number, out: Effects): void {
  const outgoing = session.inflight.find((one) => one.msgId === msgId && one.qos === 2);
  if (outgoing === undefined) {
    if (!releaseLater(session, msgId, out)) out.push({ type: 'send', packet: { type: 'PUBREL', msgId } });
    return;
  }
  if (outgoing.stage === 'publish') {
    outgoing.stage = 'pubrel';
    outgoing.tries = 0;
    outgoing.dueAt = retryAt(session, now);
    // The PUBREL goes out when the store knows of it: after a crash before that, the PUBLISH would go out again, to a
    // client that has forgotten its id.
    if (outgoing.stored !== 'no') {
      outgoing.stored = 'writing';
      out.push({ type: 'store', outgoing });
      return;
    }
  }
  if (outgoing.stored !== 'writing') out.push({ type: 'send', packet: { type: 'PUBREL', msgId } });
}

/**
 * A PUBREC that came after the client has gone back to sleep: released when it wakes. A PUBREL now would make the client
 * forget the id, and take the message that waits to be sent again for a new one. False if no such message waits.
 */
function releaseLater({ queue }: Session, msgId: number, out: Effects): boolean {
  const outgoing = queue.find((one) => one.msgId === msgId && one.qos === 2 && one.dup);
  if (outgoing === undefined) return false;
  if (outgoing.stage === 'publish') {
    outgoing.stage = 'pubrel';
    if (outgoing.stored !== 'no') {
      outgoing.stored = 'writing';
      out.push({ type: 'store', outgoing });
    }
  }
  return true;
}

/** Last answer of a QoS 2 delivery. */
export function onPubComp(session: Session, msgId: number, now: number, out: Effects): void {
  const outgoing = session.inflight.find((one) => one.msgId === msgId && one.stage === 'pubrel');
  if (outgoing === undefined) out.push({ type: 'count', name: 'unexpected_packets' });
  else finish(session, outgoing, out);
  goOn(session, now, out);
}

function finish(session: Session, outgoing: Outgoing, out: Effects): void {
  const { inflight } = session;
  if (inflight.length === 1) inflight.length = 0;
  else session.inflight = inflight.filter((one) => one !== outgoing);
  discard(outgoing, out);
}

function goOn(session: Session, now: number, out: Effects): void {
  pump(session, now, out);
  drained(session, now, out);
}
