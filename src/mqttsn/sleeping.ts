import type { Effects } from './effects.js';
import type { PingReq } from './packets.js';
import { pump, recall, repeatAll } from './sending.js';
import type { Session } from './session.js';

/** DISCONNECT with a duration: the client sleeps, or sleeps for another time than before [SN 6.14]. */
export function fallAsleep(session: Session, seconds: number, out: Effects): void {
  session.state = 'asleep';
  session.sleepSeconds = seconds;
  session.congestedUntil = 0;
  recall(session);
  // What an active clean session keeps only in memory, a sleeper's queue keeps in the store.
  for (const outgoing of session.queue) {
    if (outgoing.qos > 0 && outgoing.stored === 'no') {
      outgoing.stored = 'writing';
      out.push({ type: 'store', outgoing });
    }
  }
  out.push({ type: 'save' }, { type: 'send', packet: { type: 'DISCONNECT' } });
}

/**
 * PINGREQ [SN 6.11] [SN 6.14]: of an active client a sign of life, of a sleeper that names itself the wish for its
 * messages, of an awake one a repetition because something was lost.
 */
export function onPingReq(session: Session, packet: PingReq, now: number, out: Effects): void {
  if (session.state === 'awake') {
    repeatAll(session, now, out);
    return;
  }
  if (session.state === 'asleep' && packet.clientId === session.clientId) {
    session.state = 'awake';
    // Only what is there now: a stream of new messages would keep the client awake for ever.
    session.drainUntil = session.nextSeq;
    pump(session, now, out);
    drained(session, now, out);
    return;
  }
  out.push({ type: 'send', packet: { type: 'PINGRESP' } });
}

/** Ends the awake time when all that was meant for it is delivered, or when the client wants no more of it now. */
export function drained(session: Session, now: number, out: Effects): void {
  if (session.state !== 'awake') return;
  const congested = session.congestedUntil > now;
  const first = session.queue[0];
  const waiting = first !== undefined && first.seq < session.drainUntil;
  const busy = session.inflight.length > 0 || session.registering !== undefined || waiting;
  if (!busy || congested) backToSleep(session, now, out);
}

/** PINGRESP, strictly the last packet of an awake time; what is not acknowledged is kept for the next one. */
export function backToSleep(session: Session, now: number, out: Effects): void {
  recall(session);
  session.congestedUntil = 0;
  session.state = 'asleep';
  session.heardAt = now;
  // The time from which the sleep counts, for after a restart.
  out.push({ type: 'save' }, { type: 'send', packet: { type: 'PINGRESP' } });
}
