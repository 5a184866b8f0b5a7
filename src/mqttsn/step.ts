import { assertNever } from '../core/errors.js';
import { onPubAck, onPubComp, onPubRec, onRegAck } from './acknowledging.js';
import { lose, onConnect, onDisconnect, onLinked, onTime, onWillMsg, onWillTopic, onWillUpdate } from './connection.js';
import type { Effects, Input } from './effects.js';
import type { Packet } from './packets.js';
import { onPublish, onPublished, onPubRel } from './publishing.js';
import { deliver, dropExpired, onStored } from './sending.js';
import type { Session } from './session.js';
import { onPingReq } from './sleeping.js';
import { onRegister, onSubscribe, onSubscribed, onUnsubscribe } from './subscribing.js';

/** All the rules of a session: what happens, at what time (ms), and what is to be done about it. */
export function step(session: Session, input: Input, now: number): Effects {
  const out: Effects = [];
  dropExpired(session, now, out);
  switch (input.type) {
    case 'packet':
      onPacket(session, input.packet, now, out);
      break;
    case 'deliver':
      deliver(session, input.message, input.taken, now, out);
      break;
    case 'published':
      onPublished(session, input.packet, input.refusal, out);
      break;
    case 'subscribed':
      onSubscribed(session, input, out);
      break;
    case 'unsubscribed':
      out.push({ type: 'send', packet: { type: 'UNSUBACK', msgId: input.packet.msgId } });
      break;
    case 'linked':
      onLinked(session, input.refusal, now, out);
      break;
    case 'stored':
      onStored(session, input.outgoing, now, out);
      break;
    case 'time':
      onTime(session, now, out);
      break;
    case 'lose':
      lose(session, input.reason, now, out);
      break;
    default:
      assertNever(input);
  }
  return out;
}

function onPacket(session: Session, packet: Packet, now: number, out: Effects): void {
  session.heardAt = now;
  if (packet.type === 'CONNECT') {
    onConnect(session, packet, now, out);
    return;
  }
  session.lastConnect = undefined;
  if (session.state === 'connecting') {
    // Until the CONNACK only the will is talked about.
    if (packet.type === 'WILLTOPIC') onWillTopic(session, packet, now, out);
    else if (packet.type === 'WILLMSG') onWillMsg(session, packet, now, out);
    else if (packet.type === 'DISCONNECT') onDisconnect(session, { type: 'DISCONNECT' }, now, out);
    else out.push({ type: 'count', name: 'unexpected_packets' });
    return;
  }
  switch (packet.type) {
    case 'PUBLISH':
      return onPublish(session, packet, now, out);
    case 'PUBACK':
      return onPubAck(session, packet, now, out);
    case 'PUBREC':
      return onPubRec(session, packet.msgId, now, out);
    case 'PUBREL':
      return onPubRel(session, packet.msgId, now, out);
    case 'PUBCOMP':
      return onPubComp(session, packet.msgId, now, out);
    case 'REGISTER':
      return onRegister(session, packet, out);
    case 'REGACK':
      return onRegAck(session, packet, now, out);
    case 'SUBSCRIBE':
      return onSubscribe(session, packet, out);
    case 'UNSUBSCRIBE':
      return onUnsubscribe(session, packet, out);
    case 'PINGREQ':
      return onPingReq(session, packet, now, out);
    case 'DISCONNECT':
      return onDisconnect(session, packet, now, out);
    case 'WILLTOPICUPD':
    case 'WILLMSGUPD':
      return onWillUpdate(session, packet, out);
    case 'WILLTOPIC':
    case 'WILLMSG':
    case 'ADVERTISE':
    case 'SEARCHGW':
    case 'GWINFO':
    case 'CONNACK':
    case 'WILLTOPICREQ':
    case 'WILLMSGREQ':
    case 'WILLTOPICRESP':
    case 'WILLMSGRESP':
    case 'SUBACK':
    case 'UNSUBACK':
    case 'PINGRESP':
    case 'ENCAPSULATED':
      // Not asked for, or only ever sent by gateways.
      out.push({ type: 'count', name: 'unexpected_packets' });
      return;
    default:
      assertNever(packet);
  }
}
