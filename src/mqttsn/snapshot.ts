import type { QoS } from '../broker/port.js';
import type { Identity } from '../core/datagram.js';
import { unpacked } from '../core/payload.js';
import type { Outgoing, Session, State } from './session.js';

/** What the store keeps of a session, as JSON: readable, and 300 bytes for a usual client. */
export interface Snapshot {
  readonly clientId: string;
  readonly state: State;
  readonly clean: boolean;
  readonly keepAlive: number;
  readonly sleep: number;
  /** Milliseconds since 1970. */
  readonly heardAt: number;
  /** Key of the peer it is bound to, and who that has proven to be. */
  readonly peer?: string;
  readonly identity?: Identity;
  readonly will?: { readonly topic: string; readonly payload: string; readonly qos: QoS; readonly retain: boolean };
  readonly topics?: readonly (readonly [name: string, id: number, announced: boolean])[];
  readonly subscriptions?: readonly (readonly [filter: string, qos: QoS, predefinedId?: number])[];
}

/** Writes a snapshot. */
export function encodeSession(session: Session, peer: string | undefined, identity?: Identity): Buffer {
  const {
    clientId,
    state,
    cleanSession: clean,
    keepAliveSeconds: keepAlive,
    sleepSeconds: sleep,
    heardAt,
    will,
  } = session;
  const topics = [...session.topics];
  const subscriptions = [...session.subscriptions].map(([filter, { qos, predefinedId }]) =>
    predefinedId === undefined ? ([filter, qos] as const) : ([filter, qos, predefinedId] as const),
  );
  const snapshot: Snapshot = {
    clientId,
    state,
    clean,
    keepAlive,
    sleep,
    heardAt: Math.round(heardAt),
    ...(peer === undefined ? {} : { peer }),
    ...(identity === undefined ? {} : { identity }),
    ...(will === undefined ? {} : { will: { ...will, payload: will.payload.toString('base64') } }),
    ...(topics.length === 0 ? {} : { topics }),
    ...(subscriptions.length === 0 ? {} : { subscriptions }),
  };
  return Buffer.from(JSON.stringify(snapshot));
}

/** Reads a snapshot of ours. */
export function decodeSession(bytes: Buffer): Snapshot {
  return JSON.parse(bytes.toString()) as Snapshot;
}

/** Gives a new session what a snapshot holds. `now` is when the gateway came back. */
export function restore(session: Session, snapshot: Snapshot, now: number): void {
  const { state, will } = snapshot;
  session.cleanSession = snapshot.clean;
  session.keepAliveSeconds = snapshot.keepAlive;
  session.sleepSeconds = snapshot.sleep;
  switch (state) {
    case 'active':
      // It could not be heard while the gateway was away: its time begins anew.
      session.state = 'active';
      session.heardAt = now;
      break;
    case 'asleep':
    case 'awake':
      session.state = 'asleep';
      session.heardAt = snapshot.heardAt;
      break;
    case 'connecting':
    case 'disconnected':
      session.state = 'disconnected';
      session.heardAt = snapshot.heardAt;
  }
  if (will !== undefined) session.will = { ...will, payload: Buffer.from(will.payload, 'base64') };
  for (const [name, id, announced] of snapshot.topics ?? []) session.topics.restore(name, id, announced);
  for (const [filter, qos, predefinedId] of snapshot.subscriptions ?? []) {
    session.subscriptions.set(filter, predefinedId === undefined ? { qos } : { qos, predefinedId });
  }
}

/** Writes a message for a client: a line of JSON, then the payload as it is. */
export function encodeOutgoing({ topic, qos, retain, msgId, stage, expiresAt, payload }: Outgoing): Buffer {
  const expiry = expiresAt === undefined ? [] : [Math.round(expiresAt)];
  const head = JSON.stringify([topic, qos, retain, msgId, stage, ...expiry]);
  return Buffer.concat([Buffer.from(`${head}\n`), unpacked(payload)]);
}

/** Reads a message of ours. Whether it was ever sent is not known, so it counts as sent. */
export function decodeOutgoing(bytes: Buffer, seq: number): Outgoing {
  const end = bytes.indexOf(0x0a);
  const [topic, qos, retain, msgId, stage, expiresAt] = JSON.parse(bytes.toString('utf8', 0, end)) as [
    string,
    QoS,
    boolean,
    number,
    Outgoing['stage'],
    number?,
  ];
  return {
    seq,
    topic,
    payload: bytes.toString('latin1', end + 1),
    qos,
    retain,
    msgId,
    stage,
    tries: 0,
    dueAt: 0,
    dup: true,
    refused: 0,
    expiresAt,
    stored: 'yes',
    taken: undefined,
  };
}
