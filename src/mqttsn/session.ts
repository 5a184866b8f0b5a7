import type { QoS } from '../broker/port.js';
import type { Random } from '../core/backoff.js';
import type { Connect, Publish } from './packets.js';
import { TopicRegistry } from './topic-registry.js';

/**
 * States of a client as the gateway sees them [SN 6.14], and `connecting` while CONNECT is being dealt with. A lost
 * client is `disconnected`: what differs is only whether its will was published on the way.
 */
export type State = 'connecting' | 'active' | 'asleep' | 'awake' | 'disconnected';

/** Published for a client that is lost. */
export interface Will {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: QoS;
  readonly retain: boolean;
}

/** A message on its way to the client. */
export interface Outgoing {
  /** Grows with each message of a session. */
  readonly seq: number;
  readonly topic: string;
  /** Packed while it waits for a client that is away: see `packed`. */
  readonly payload: Buffer | string;
  readonly qos: QoS;
  readonly retain: boolean;
  /** 0 with QoS 0. Given when it comes, so that the store has it and a message sent again after a crash keeps it. */
  readonly msgId: number;
  /** What is sent next or again. */
  stage: 'publish' | 'pubrel';
  /** How often it was sent since it was last put in flight. */
  tries: number;
  /** When to send it again, ms. */
  dueAt: number;
  /** Whether it was ever sent. */
  dup: boolean;
  /** How often the client refused its topic id. */
  refused: number;
  /** After this time, ms, it is not sent any more, unless it has been. */
  readonly expiresAt: number | undefined;
  /** Whether the store is to hold it, and whether it does already. */
  stored: 'no' | 'writing' | 'yes';
  /** Tells the broker that the message is in our charge; called once, when it is. */
  taken: (() => void) | undefined;
}

/** A REGISTER of ours that waits for its REGACK [SN 6.10]. */
export interface Registering {
  readonly topic: string;
  readonly topicId: number;
  readonly msgId: number;
  tries: number;
  dueAt: number;
}

/** A CONNECT that is being dealt with [SN 6.2]. */
export interface Connecting {
  readonly packet: Connect;
  stage: 'will topic' | 'will message' | 'link';
  will: Omit<Will, 'payload'> | undefined;
  /** What the client had before, so that a handshake that comes to nothing leaves it. */
  readonly fresh: boolean;
  tries: number;
  dueAt: number;
  /** When to give up at the latest, ms. */
  readonly until: number;
}

/** A subscription; `predefinedId` if the client named the topic by it. */
export interface Subscription {
  readonly qos: QoS;
  readonly predefinedId?: number;
}

/** A QoS 2 publication of the client: with the broker, waiting for PUBREL, or remembered a while after it. */
export interface Received {
  stage: 'publishing' | 'published' | 'released';
  /** Absent if it came before a restart, and not again since. */
  packet: Publish | undefined;
  /** When it came to this stage, ms. */
  at: number;
}

/** What governs every session of a server. */
export interface SessionOptions {
  readonly retryIntervalMs: number;
  readonly retryCount: number;
  /** Messages with QoS 1 or 2 on the way to one client at once. */
  readonly maxInflight: number;
  /** Messages kept for one client. */
  readonly queueLimit: number;
  readonly maxTopics: number;
  /** How long a CONNECT may take from its first packet to its CONNACK. */
  readonly idleTimeoutMs: number;
  /** How long a session is kept after its client has disconnected with clean session off, or was lost. */
  readonly sessionExpiryMs: number;
  /** How long to leave a client alone that reports congestion (T_WAIT) [SN 7.2]. */
  readonly congestionWaitMs: number;
  readonly random: Random;
}

/** All that is known of one client. Plain data; the rules are in the files named after the concerns. */
export interface Session {
  readonly clientId: string;
  readonly options: SessionOptions;
  /** Pre-defined topic ids of this client, its own before the common ones. */
  readonly predefined: ReadonlyMap<number, string>;
  state: State;
  cleanSession: boolean;
  keepAliveSeconds: number;
  sleepSeconds: number;
  /** When something was last heard of the client, ms. */
  heardAt: number;
  /** The CONNECT that made the session active while nothing else was heard since; a repetition of it is a retransmission. */
  lastConnect: Connect | undefined;
  connecting: Connecting | undefined;
  /** Whether the broker link is open. */
  linked: boolean;
  will: Will | undefined;
  readonly topics: TopicRegistry;
  readonly subscriptions: Map<string, Subscription>;
  /** Waiting to be sent, in order. */
  queue: Outgoing[];
  /** Sent with QoS 1 or 2 and not yet acknowledged. */
  inflight: Outgoing[];
  registering: Registering | undefined;
  /** Nothing is sent of our own accord before this time: the client reported congestion. */
  congestedUntil: number;
  /** While awake: messages from this `seq` on wait for the next time. */
  drainUntil: number;
  nextSeq: number;
  /** No message in the queue expires before this time, ms; undefined if none does at all. */
  nextExpiry: number | undefined;
  lastMsgId: number;
  /** So many ids after that one no message has; 0: this has to be found out. */
  freeMsgIds: number;
  /** QoS 2 publications of the client by message id. */
  received: Map<number, Received> | undefined;
}

/** A session about which nothing is known yet. */
export function newSession(
  clientId: string,
  options: SessionOptions,
  predefined: ReadonlyMap<number, string>,
  now: number,
): Session {
  return {
    clientId,
    options,
    predefined,
    state: 'disconnected',
    cleanSession: true,
    keepAliveSeconds: 0,
    sleepSeconds: 0,
    heardAt: now,
    lastConnect: undefined,
    connecting: undefined,
    linked: false,
    will: undefined,
    topics: new TopicRegistry(predefined),
    subscriptions: new Map(),
    queue: [],
    inflight: [],
    registering: undefined,
    congestedUntil: 0,
    drainUntil: 0,
    nextSeq: 1,
    nextExpiry: undefined,
    lastMsgId: 0,
    freeMsgIds: 0,
    received: undefined,
  };
}

/** The time a client may be silent: half as much again up to a minute, a tenth more above [SN 7.2], ms. */
export function toleranceMs(seconds: number): number {
  return seconds * (seconds <= 60 ? 1500 : 1100);
}

/** When the session needs to be looked at if nothing happens before, ms; infinity if never. */
export function dueAt(session: Session): number {
  let due = supervisedUntil(session);
  if (session.nextExpiry !== undefined) due = Math.min(due, session.nextExpiry);
  if (session.registering !== undefined) due = Math.min(due, session.registering.dueAt);
  for (const outgoing of session.inflight) due = Math.min(due, outgoing.dueAt);
  // What waits for the end of a congestion is to be sent then.
  if (session.congestedUntil > 0 && session.queue.length > 0) due = Math.min(due, session.congestedUntil);
  return due;
}

/** Until when the client may be silent in its present state, ms. */
export function supervisedUntil(session: Session): number {
  switch (session.state) {
    case 'connecting':
      return session.connecting === undefined
        ? Number.POSITIVE_INFINITY
        : Math.min(session.connecting.dueAt, session.connecting.until);
    case 'active':
      return session.keepAliveSeconds === 0
        ? Number.POSITIVE_INFINITY
        : session.heardAt + toleranceMs(session.keepAliveSeconds);
    case 'asleep':
      return session.heardAt + toleranceMs(session.sleepSeconds);
    case 'awake':
      // Something is always in flight while awake, and its repetitions are counted.
      return Number.POSITIVE_INFINITY;
    case 'disconnected':
      return session.heardAt + session.options.sessionExpiryMs;
  }
}

/** What a session has of message ids. */
type MsgIds = Pick<Session, 'lastMsgId' | 'freeMsgIds'> &
  Readonly<Record<'inflight' | 'queue', readonly Pick<Outgoing, 'msgId'>[]>>;

/** The next message id, never 0 and not one that a message in flight or in the queue has. */
export function nextMsgId(session: MsgIds): number {
  if (session.freeMsgIds === 0) findFreeMsgIds(session);
  session.freeMsgIds--;
  session.lastMsgId = afterMsgId(session.lastMsgId);
  return session.lastMsgId;
}

const maxMsgId = 0xffff;

const afterMsgId = (msgId: number): number => (msgId >= maxMsgId ? 1 : msgId + 1);

/** Looks for ids that no message has, and notes how many there are in a row: who has a long queue is not to look each time. */
function findFreeMsgIds(session: MsgIds): void {
  const taken = new Set<number>();
  for (const { msgId } of session.inflight) taken.add(msgId);
  for (const { msgId } of session.queue) taken.add(msgId);
  taken.delete(0);
  while (taken.has(afterMsgId(session.lastMsgId))) session.lastMsgId = afterMsgId(session.lastMsgId);
  session.freeMsgIds = maxMsgId;
  for (const msgId of taken) {
    const ahead = (msgId - session.lastMsgId - 1 + maxMsgId) % maxMsgId;
    session.freeMsgIds = Math.min(session.freeMsgIds, ahead);
  }
}

/** When to repeat what is sent now: the retry interval and up to a tenth more, so that many do not repeat at once. */
export function retryAt(session: Session, now: number): number {
  const { retryIntervalMs, random } = session.options;
  return now + retryIntervalMs * (1 + 0.1 * random());
}
