import type { Message } from '../broker/port.js';
import { packed, unpacked } from '../core/payload.js';
import type { Effects } from './effects.js';
import { publishLength } from './encode.js';
import { maxMessageLength, type Publish, shortTopicId, type TopicIdType } from './packets.js';
import { nextMsgId, type Outgoing, retryAt, type Session } from './session.js';

/** A message from the broker for this client. */
export function deliver(session: Session, message: Message, taken: () => void, now: number, out: Effects): void {
  if (message.expiresAt !== undefined && message.expiresAt <= now) {
    out.push({ type: 'count', name: 'queue_expired' }, { type: 'taken', taken });
    return;
  }
  if (session.state === 'active' && message.qos === 0) {
    const reference = topicReference(session, message.topic);
    const overtakes = session.queue.length > 0 && session.queue.some((queued) => queued.topic === message.topic);
    if (reference !== undefined && !overtakes && session.congestedUntil <= now) {
      if (publishLength(message.payload.length) > maxMessageLength)
        out.push({ type: 'count', name: 'dropped_too_long' });
      else out.push({ type: 'send', packet: publish(reference, message, 0, false) });
      out.push({ type: 'taken', taken });
      return;
    }
  }
  // Who is away, and not asleep, gets what is lasting only [MQTT 3.1.1 4.1].
  if (session.state === 'disconnected' && message.qos === 0) {
    out.push({ type: 'taken', taken });
    return;
  }
  if (!makeRoom(session, out)) {
    out.push(
      { type: 'count', name: message.qos === 0 ? 'queue_dropped_qos0' : 'queue_dropped' },
      { type: 'taken', taken },
    );
    return;
  }
  // An active client whose session is clean may lose a message with the gateway: that is what clean means. But it must not
  // get one twice with QoS 2 because the publisher repeats what the gateway has forgotten.
  const store = message.qos === 2 || (message.qos === 1 && !(session.cleanSession && session.state === 'active'));
  const outgoing: Outgoing = {
    seq: session.nextSeq++,
    topic: message.topic,
    payload: session.state === 'active' ? message.payload : packed(message.payload),
    qos: message.qos,
    retain: message.retain,
    msgId: message.qos === 0 ? 0 : nextMsgId(session),
    stage: 'publish',
    tries: 0,
    dueAt: 0,
    dup: false,
    refused: 0,
    expiresAt: message.expiresAt,
    stored: store ? 'writing' : 'no',
    taken: store ? taken : undefined,
  };
  enqueue(session, outgoing);
  out.push(store ? { type: 'store', outgoing } : { type: 'taken', taken });
  if (session.state === 'active') pump(session, now, out);
}

/** Puts a message at the end of the queue. */
export function enqueue(session: Session, outgoing: Outgoing): void {
  // An array that grows from nothing takes room for 17, and there are 100,000 queues of one.
  if (session.queue.length === 0) session.queue = [outgoing];
  else session.queue.push(outgoing);
  if (outgoing.expiresAt !== undefined)
    session.nextExpiry = Math.min(session.nextExpiry ?? outgoing.expiresAt, outgoing.expiresAt);
}

/** Drops what has waited for longer than its publisher wanted. What may have been sent is gone on with [MQTT5 3.3.2.3.3]. */
export function dropExpired(session: Session, now: number, out: Effects): void {
  if (session.nextExpiry === undefined || session.nextExpiry > now) return;
  session.nextExpiry = undefined;
  session.queue = session.queue.filter((outgoing) => {
    const { expiresAt, dueAt, stage } = outgoing;
    // `dueAt` is set when it is sent; what came from before a restart is taken for not sent.
    if (expiresAt === undefined || dueAt > 0 || stage !== 'publish') return true;
    if (expiresAt <= now) return !drop(outgoing, 'queue_expired', out);
    session.nextExpiry = Math.min(session.nextExpiry ?? expiresAt, expiresAt);
    return true;
  });
}

/** A message, or its new stage, is in the store. */
export function onStored(session: Session, outgoing: Outgoing, now: number, out: Effects): void {
  outgoing.stored = 'yes';
  const { taken } = outgoing;
  outgoing.taken = undefined;
  if (taken !== undefined) out.push({ type: 'taken', taken });
  if (outgoing.stage === 'pubrel' && session.inflight.includes(outgoing)) {
    out.push(pubRel(outgoing));
  } else {
    pump(session, now, out);
  }
}

/** Sends what may be sent now [SN 6.10]: a REGISTER first where the client does not know the topic id. */
export function pump(session: Session, now: number, out: Effects): void {
  if ((session.state !== 'active' && session.state !== 'awake') || session.congestedUntil > now) return;
  session.congestedUntil = 0;
  const { queue } = session;
  // Topics of which an earlier message waits for a REGACK: later ones wait too, so that their order is kept.
  const blocked: string[] = session.registering === undefined ? [] : [session.registering.topic];
  let kept = 0;
  let at = 0;
  for (; at < queue.length; at++) {
    const outgoing = queue[at] as Outgoing;
    if (session.state === 'awake' && outgoing.seq >= session.drainUntil) break;
    if (outgoing.qos > 0 && session.inflight.length >= session.options.maxInflight) break;
    // A QoS 2 message that a crash could still make us forget may not go out: its publisher would send it again.
    if (outgoing.qos === 2 && outgoing.stored === 'writing') break;
    if (!sendOne(session, outgoing, blocked, now, out)) {
      blocked.push(outgoing.topic);
      queue[kept++] = outgoing;
    }
  }
  // What was looked at and stays comes before what was not looked at.
  if (kept < at) queue.splice(kept, at - kept);
}

/** Sends or drops one queued message; false if it has to wait. */
function sendOne(session: Session, outgoing: Outgoing, blocked: readonly string[], now: number, out: Effects): boolean {
  if (publishLength(outgoing.payload.length) > maxMessageLength) return drop(outgoing, 'dropped_too_long', out);
  if (outgoing.stage === 'publish') {
    if (blocked.includes(outgoing.topic)) return false;
    const reference = topicReference(session, outgoing.topic);
    if (reference === undefined) return register(session, outgoing, now, out);
    out.push({ type: 'send', packet: publish(reference, outgoing, outgoing.msgId, outgoing.dup) });
  } else {
    out.push(pubRel(outgoing));
  }
  if (outgoing.qos > 0) {
    outgoing.dup = true;
    outgoing.tries = 0;
    outgoing.dueAt = retryAt(session, now);
    session.inflight.push(outgoing);
  } else {
    discard(outgoing, out);
  }
  return true;
}

/** Announces the topic of a message; one REGISTER is on the way at a time. True if the message was given up instead. */
function register(session: Session, outgoing: Outgoing, now: number, out: Effects): boolean {
  if (session.registering !== undefined) return false;
  const topicId = session.topics.assign(outgoing.topic, session.options.maxTopics);
  if (topicId === undefined || Buffer.byteLength(outgoing.topic) > maxMessageLength - 8) {
    return drop(outgoing, 'dropped_no_topic_id', out);
  }
  const msgId = nextMsgId(session);
  session.registering = { topic: outgoing.topic, topicId, msgId, tries: 0, dueAt: retryAt(session, now) };
  out.push({ type: 'save' }, { type: 'send', packet: { type: 'REGISTER', topicId, msgId, topicName: outgoing.topic } });
  return false;
}

/** Gives a message up. */
export function drop(
  outgoing: Outgoing,
  name: 'dropped_too_long' | 'dropped_no_topic_id' | 'dropped_refused' | 'queue_expired',
  out: Effects,
): true {
  out.push({ type: 'count', name });
  discard(outgoing, out);
  return true;
}

/** Takes a message that is done with out of the store. */
export function discard(outgoing: Outgoing, out: Effects): void {
  if (outgoing.stored !== 'no') out.push({ type: 'discard', outgoing });
  // Given up while it was being written: the broker must not wait for ever.
  if (outgoing.taken !== undefined) out.push({ type: 'taken', taken: outgoing.taken });
  outgoing.taken = undefined;
}

/** Sends everything in flight again, and the REGISTER. */
export function repeatAll(session: Session, now: number, out: Effects): void {
  if (session.registering !== undefined) repeatRegister(session, now, out);
  for (const outgoing of session.inflight) repeat(session, outgoing, now, out);
}

/** Sends one message in flight again. */
export function repeat(session: Session, outgoing: Outgoing, now: number, out: Effects): void {
  outgoing.dueAt = retryAt(session, now);
  out.push({ type: 'count', name: 'retransmissions' });
  if (outgoing.stage === 'pubrel') {
    // The store must know first, as with the first PUBREL.
    if (outgoing.stored !== 'writing') out.push(pubRel(outgoing));
    return;
  }
  const reference = topicReference(session, outgoing.topic);
  if (reference !== undefined) out.push({ type: 'send', packet: publish(reference, outgoing, outgoing.msgId, true) });
}

/** Sends the REGISTER that waits for its REGACK again. */
export function repeatRegister(session: Session, now: number, out: Effects): void {
  const { registering } = session;
  if (registering === undefined) return;
  registering.dueAt = retryAt(session, now);
  const { topicId, msgId, topic } = registering;
  out.push(
    { type: 'count', name: 'retransmissions' },
    { type: 'send', packet: { type: 'REGISTER', topicId, msgId, topicName: topic } },
  );
}

/** Puts what is in flight back to the head of the queue, to be sent again in the same order with the same ids. */
export function recall(session: Session): void {
  session.registering = undefined;
  if (session.inflight.length === 0) return;
  session.queue.unshift(...session.inflight);
  session.inflight = [];
}

/** How the client knows a topic; undefined if it has to be told by REGISTER. */
function topicReference(session: Session, topic: string): { type: TopicIdType; id: number } | undefined {
  const id = session.topics.announcedId(topic);
  if (id !== undefined) return { type: 'normal', id };
  const predefined = session.subscriptions.get(topic)?.predefinedId;
  if (predefined !== undefined) return { type: 'predefined', id: predefined };
  const short = shortTopicId(topic);
  return short === undefined ? undefined : { type: 'short', id: short };
}

function pubRel({ msgId }: Outgoing) {
  return { type: 'send', packet: { type: 'PUBREL', msgId } } as const;
}

function publish(
  reference: { type: TopicIdType; id: number },
  message: Pick<Outgoing, 'payload' | 'qos' | 'retain'>,
  msgId: number,
  dup: boolean,
): Publish {
  return {
    type: 'PUBLISH',
    dup,
    qos: message.qos,
    retain: message.retain,
    topicIdType: reference.type,
    topicId: reference.id,
    msgId,
    payload: unpacked(message.payload),
  };
}

/** Whether there is no room for another message with QoS 1 or 2. */
export function isFull({ queue, inflight, options }: Session): boolean {
  return queue.length + inflight.length >= options.queueLimit && !queue.some((queued) => queued.qos === 0);
}

/** Makes room for one more message: the oldest of QoS 0 goes first. False if there is none left to go. */
function makeRoom(session: Session, out: Effects): boolean {
  const { queue, options } = session;
  if (queue.length + session.inflight.length < options.queueLimit) return true;
  const oldest = queue.findIndex((queued) => queued.qos === 0);
  if (oldest < 0) return false;
  const [dropped] = queue.splice(oldest, 1);
  out.push({ type: 'count', name: 'queue_dropped_qos0' });
  if (dropped !== undefined) discard(dropped, out);
  return true;
}
