import type { BrokerRefusal } from '../broker/port.js';
import type { Effects, LossReason } from './effects.js';
import { type Connect, type Disconnect, type Packet, ReturnCode, type WillMsg, type WillTopic } from './packets.js';
import { returnCodeOf } from './publishing.js';
import { discard, pump, recall, repeat, repeatRegister } from './sending.js';
import { type Connecting, retryAt, type Session, supervisedUntil, type Will } from './session.js';
import { backToSleep, fallAsleep } from './sleeping.js';

/** CONNECT [SN 6.2] [SN 6.3]. */
export function onConnect(session: Session, packet: Connect, now: number, out: Effects): void {
  const { connecting, lastConnect } = session;
  if (connecting !== undefined && same(connecting.packet, packet)) {
    // Our last answer was lost.
    prompt(connecting, out);
    return;
  }
  if (session.state === 'active' && lastConnect !== undefined && same(lastConnect, packet)) {
    // Nothing else was heard since: the CONNACK was lost, and a second beginning would throw the session away.
    out.push(connAck(ReturnCode.accepted));
    return;
  }
  const fresh = !session.linked && holdsNothing(session);
  if (packet.cleanSession) clear(session, out);
  // A client that was not just asleep may have been off, and its table of ids with it [SN 6.10].
  else if (session.state !== 'asleep' && session.state !== 'awake') session.topics.retractAll();
  recall(session);
  session.congestedUntil = 0;
  session.lastConnect = undefined;
  session.state = 'connecting';
  session.cleanSession = packet.cleanSession;
  session.keepAliveSeconds = packet.durationSeconds;
  const stage = packet.will ? 'will topic' : 'link';
  const [dueAt, until] = [retryAt(session, now), now + session.options.idleTimeoutMs];
  session.connecting = { packet, stage, will: undefined, fresh, tries: 0, dueAt, until };
  if (packet.will) prompt(session.connecting, out);
  else openLink(session, session.connecting, now, out);
}

/** WILLTOPIC: the first half of the will, or its deletion if empty. */
export function onWillTopic(session: Session, packet: WillTopic, now: number, out: Effects): void {
  const { connecting } = session;
  if (connecting === undefined || connecting.stage === 'link') {
    out.push({ type: 'count', name: 'unexpected_packets' });
    return;
  }
  if (packet.topic === '') {
    session.will = undefined;
    openLink(session, connecting, now, out);
    return;
  }
  connecting.will = { topic: packet.topic, qos: packet.qos === -1 ? 0 : packet.qos, retain: packet.retain };
  connecting.stage = 'will message';
  connecting.tries = 0;
  connecting.dueAt = retryAt(session, now);
  prompt(connecting, out);
}

/** WILLMSG: the second half. */
export function onWillMsg(session: Session, packet: WillMsg, now: number, out: Effects): void {
  const { connecting } = session;
  if (connecting?.stage !== 'will message' || connecting.will === undefined) {
    out.push({ type: 'count', name: 'unexpected_packets' });
    return;
  }
  session.will = { ...connecting.will, payload: Buffer.from(packet.payload) };
  openLink(session, connecting, now, out);
}

/** The broker link is open, or is refused. */
export function onLinked(session: Session, refusal: BrokerRefusal | undefined, now: number, out: Effects): void {
  const { connecting } = session;
  session.linked = refusal === undefined;
  if (connecting === undefined) {
    // Taken up again after a restart: what waited for an active client is still to be sent.
    pump(session, now, out);
    return;
  }
  session.connecting = undefined;
  if (refusal !== undefined) {
    out.push(connAck(returnCodeOf(refusal)));
    // Who only came at a bad time finds its session the next time.
    if (refusal.code === 'UNAVAILABLE' && !connecting.fresh) leave(session, now, out);
    else out.push({ type: 'end' });
    return;
  }
  const { packet } = connecting;
  session.state = 'active';
  session.lastConnect = packet;
  session.heardAt = now;
  out.push({ type: 'save' }, connAck(ReturnCode.accepted));
  pump(session, now, out);
}

/** WILLTOPICUPD and WILLMSGUPD [SN 6.4]: effective at once; an empty topic deletes the will. */
export function onWillUpdate(session: Session, packet: WillTopic | WillMsg, out: Effects): void {
  const { will } = session;
  let returnCode: ReturnCode = ReturnCode.accepted;
  if ('topic' in packet) {
    const { topic, retain } = packet;
    const qos = packet.qos === -1 ? 0 : packet.qos;
    session.will = topic === '' ? undefined : { topic, qos, retain, payload: will?.payload ?? Buffer.alloc(0) };
    out.push({ type: 'save' }, { type: 'send', packet: { type: 'WILLTOPICRESP', returnCode } });
    return;
  }
  if (will === undefined) returnCode = ReturnCode.notSupported;
  else session.will = { ...will, payload: Buffer.from(packet.payload) };
  out.push({ type: 'save' }, { type: 'send', packet: { type: 'WILLMSGRESP', returnCode } });
}

/** DISCONNECT [SN 6.12] [SN 6.14]: to sleep with a duration, else for good; a will is not published. */
export function onDisconnect(session: Session, packet: Disconnect, now: number, out: Effects): void {
  if (packet.durationSeconds !== undefined && packet.durationSeconds > 0) {
    fallAsleep(session, packet.durationSeconds, out);
    return;
  }
  leave(session, now, out, { type: 'DISCONNECT' });
}

/** Gives the client up: its will is published, once. */
export function lose(session: Session, reason: LossReason, now: number, out: Effects): void {
  const { will, state } = session;
  out.push({ type: 'lost', reason }, { type: 'count', name: 'sessions_lost' });
  // While connecting the will is not in force yet, and after a disconnection no longer.
  if (will !== undefined && state !== 'connecting' && state !== 'disconnected') {
    out.push({ type: 'will', will: willMessage(will) });
  }
  leave(session, now, out);
}

/** Time has come to `dueAt`: repeats what is unanswered, and gives up who is silent. */
export function onTime(session: Session, now: number, out: Effects): void {
  if (session.state === 'disconnected') {
    if (supervisedUntil(session) > now) return;
    out.push({ type: 'count', name: 'sessions_expired' }, { type: 'end' });
    return;
  }
  if (session.connecting !== undefined) {
    onConnectingTime(session, session.connecting, now, out);
    return;
  }
  if (!repeatDue(session, now, out)) {
    // A sleeper that stops answering goes back to sleep and keeps its messages: its own timer decides if it is lost.
    if (session.state === 'awake') backToSleep(session, now, out);
    else if (session.state === 'active') lose(session, 'retries', now, out);
    return;
  }
  if (supervisedUntil(session) <= now) lose(session, session.state === 'active' ? 'keepalive' : 'sleep', now, out);
  else pump(session, now, out);
}

/** Repeats what is due; false if something was repeated as often as allowed. */
function repeatDue(session: Session, now: number, out: Effects): boolean {
  const { registering, options } = session;
  if (registering !== undefined && registering.dueAt <= now) {
    if (++registering.tries > options.retryCount) return false;
    repeatRegister(session, now, out);
  }
  for (const outgoing of session.inflight) {
    if (outgoing.dueAt > now) continue;
    if (++outgoing.tries > options.retryCount) return false;
    repeat(session, outgoing, now, out);
  }
  return true;
}

function onConnectingTime(session: Session, connecting: Connecting, now: number, out: Effects): void {
  if (connecting.until <= now) {
    lose(session, 'retries', now, out);
    return;
  }
  if (connecting.dueAt > now) return;
  connecting.dueAt = retryAt(session, now);
  if (connecting.stage === 'link') return;
  if (++connecting.tries <= session.options.retryCount) {
    out.push({ type: 'count', name: 'retransmissions' });
    prompt(connecting, out);
  } else {
    lose(session, 'retries', now, out);
  }
}

/** The client is gone: a clean session ends, another one waits for its return. */
function leave(session: Session, now: number, out: Effects, answer?: Packet): void {
  const handshakeOnly = session.connecting?.fresh === true;
  recall(session);
  session.connecting = undefined;
  session.lastConnect = undefined;
  session.congestedUntil = 0;
  session.state = 'disconnected';
  session.heardAt = now;
  if (session.cleanSession || handshakeOnly) {
    out.push({ type: 'end', answer });
    return;
  }
  out.push({ type: 'save' });
  if (answer !== undefined) out.push({ type: 'send', packet: answer });
  out.push({ type: 'unbind' });
}

function openLink(session: Session, connecting: Connecting, now: number, out: Effects): void {
  connecting.stage = 'link';
  // A session that goes on keeps its link: closing it would lose what arrives meanwhile.
  if (session.linked && !session.cleanSession) onLinked(session, undefined, now, out);
  else out.push({ type: 'link', cleanSession: session.cleanSession });
}

/** Whether there is nothing of a session that would be missed. */
function holdsNothing({ subscriptions, queue, inflight, received }: Session): boolean {
  return subscriptions.size === 0 && queue.length === 0 && inflight.length === 0 && received === undefined;
}

/** A clean session keeps nothing of what was before, the will included [SN 6.3]. */
function clear(session: Session, out: Effects): void {
  for (const outgoing of [...session.inflight, ...session.queue]) {
    discard(outgoing, out);
  }
  session.inflight = [];
  session.queue = [];
  session.registering = undefined;
  for (const msgId of session.received?.keys() ?? []) out.push({ type: 'released', msgId });
  session.received = undefined;
  session.will = undefined;
  session.topics.clear();
  session.subscriptions.clear();
}

function prompt(connecting: Connecting, out: Effects): void {
  if (connecting.stage === 'will topic') out.push({ type: 'send', packet: { type: 'WILLTOPICREQ' } });
  if (connecting.stage === 'will message') out.push({ type: 'send', packet: { type: 'WILLMSGREQ' } });
}

function connAck(returnCode: ReturnCode) {
  return { type: 'send', packet: { type: 'CONNACK', returnCode } } as const;
}

function willMessage(will: Will) {
  return { topic: will.topic, payload: will.payload, qos: will.qos, retain: will.retain };
}

function same(a: Connect, b: Connect): boolean {
  return a.will === b.will && a.cleanSession === b.cleanSession && a.durationSeconds === b.durationSeconds;
}
