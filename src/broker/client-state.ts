import type { AedesPublishPacket, Client } from 'aedes';
import type { QoS } from './port.js';
import { topicMatches } from './topics.js';

/** A packet on its way to a client, with what aedes notes about it. */
export type Delivery = AedesPublishPacket & {
  /** Who published it. */
  readonly clientId?: string;
  /** It may not go back to him. */
  readonly nl?: boolean;
};

/** Delivers to a client; `done` when it is written and there is room for more. */
export type Deliver = (packet: Delivery, done: () => void) => void;

/** What aedes keeps in its client objects without declaring it, and fields of ours. */
export interface ClientState extends Client {
  readonly subscriptions: Readonly<Record<string, { qos: QoS; granted?: QoS }>>;
  deliver0: Deliver;
  deliverQoS: Deliver;
  duplicates: object;
  lastDelivered?: number;
  /** It is being closed because of an error. */
  readonly errored: boolean;
  /** Closes it because of an error, if there is one. */
  _onError(error?: Error | null): void;
  /** Calls back when its connection takes more, or with an error when it has closed. */
  waitForDrain(callback: (error?: Error | null) => void): void;
  readonly _parser: AedesParser;
  /** Packets that aedes is not done with; at 0 `_nextBatch` reads on. */
  _parsingBatch: number;
  /** One packet is done with; an error ends the connection. */
  readonly _nextBatch: (error?: Error) => void;
  /** ms; not positive when there is no keepalive, or no connection any more. */
  readonly _keepaliveInterval: number;
  readonly _keepaliveTimer: NodeJS.Timeout | null;
}

/** mqtt-packet's parser as aedes keeps it, with what neither declares: where the parser is, and whose it is. */
export interface AedesParser {
  readonly client: ClientState;
  parse(this: AedesParser, chunk: Buffer): number;
  emit(event: 'packet', packet: object): boolean;
  /** 0: between packets; 1: the first byte of a packet has been read; 2: its length as well. */
  readonly _stateCounter: number;
  /** The packet being read, its length without the fixed header. */
  readonly packet: { readonly length: number };
  /** The bytes of it that are there. */
  readonly _list: { readonly length: number };
  /** Ours: the `parse` that mqtt-packet has. */
  parseSlowly(chunk: Buffer): number;
}

/**
 * Takes a decision away from aedes, which makes it too early: what counts as a duplicate. aedes drops every message whose
 * number is lower than that of one delivered before, which a message of QoS 1 is when one of QoS 0 has overtaken it.
 */
export function neverDuplicate(client: Client, brokerId: string): void {
  // For aedes nothing is ever a duplicate; `isNew` says what is.
  stateOf(client).duplicates = Object.defineProperty({}, brokerId, { get: () => 0, set: () => {} });
}

/** Has a client's bytes parsed by another function, beside which mqtt-packet's own remains. */
export function replaceParse(client: Client, parse: AedesParser['parse']): void {
  const { _parser: parser } = stateOf(client);
  parser.parseSlowly = parser.parse;
  parser.parse = parse;
}

/** Whether a message has not been delivered to this client through another of its filters, a moment ago. */
export function isNew(client: Client, packet: AedesPublishPacket): boolean {
  const state = stateOf(client);
  if (state.lastDelivered === packet.brokerCounter) return false;
  state.lastDelivered = packet.brokerCounter;
  return true;
}

/** The highest QoS of a client's subscriptions that match a topic; 0 if none does. */
export function grantedQos(client: Client, topic: string): QoS {
  const { subscriptions } = stateOf(client);
  let highest: QoS = 0;
  for (const filter in subscriptions) {
    const subscription = subscriptions[filter];
    const qos = subscription?.granted ?? subscription?.qos ?? 0;
    if (qos > highest && topicMatches(filter, topic)) highest = qos;
  }
  return highest;
}

/**
 * Keeps aedes from lowering the QoS by itself, which it does after the filter that is the topic, letter by letter, even
 * when another has a higher QoS. To be called after every subscription, with the filters concerned.
 */
export function noteGranted(client: Client, granted: Iterable<{ readonly topic: string; readonly qos: number }>): void {
  const { subscriptions } = stateOf(client);
  for (const { topic, qos } of granted) {
    const subscription = subscriptions[topic];
    if (subscription === undefined) continue;
    subscription.granted = qos as QoS;
    if (qos === 1) subscription.qos = 2;
  }
}

/** The same for the subscriptions that came back with a session. */
export function noteRestored(client: Client): void {
  const { subscriptions } = stateOf(client);
  noteGranted(
    client,
    Object.entries(subscriptions)
      .filter(([, { granted }]) => granted === undefined)
      .map(([topic, { qos }]) => ({ topic, qos })),
  );
}

/** A client with what aedes does not declare. */
export const stateOf = (client: Client): ClientState => client as ClientState;
