import type { AedesPublishPacket, Client } from 'aedes';
import type { QoS } from './port.js';
import { topicMatches } from './topics.js';

type Deliver = (packet: AedesPublishPacket, done: () => void) => void;

/** What aedes keeps in its client objects without declaring it, and two fields of ours. */
interface ClientState {
  readonly subscriptions: Readonly<Record<string, { qos: QoS; granted?: QoS }>>;
  readonly deliverQoS: Deliver;
  deliver0: Deliver;
  duplicates: object;
  lastDelivered?: number;
}

/**
 * Takes two decisions away from aedes, which makes them too early. One is what counts as a duplicate: aedes drops every
 * message whose number is lower than that of one delivered before, which a message of QoS 1 is when one of QoS 0 has
 * overtaken it. The other is the QoS of a message that matches several filters of a client: aedes takes the first filter
 * found, instead of the one with the highest QoS [MQTT-3.3.5-1].
 */
export function prepareClient(client: Client, brokerId: string): void {
  const state = stateOf(client);
  // For aedes nothing is ever a duplicate; `isNew` says what is.
  state.duplicates = Object.defineProperty({}, brokerId, { get: () => 0, set: () => {} });
  const { deliver0 } = state;
  state.deliver0 = (packet, done) => {
    if (packet.qos > 0 && grantedQos(client, packet.topic) > 0) state.deliverQoS(packet, done);
    else deliver0(packet, done);
  };
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

const stateOf = (client: Client): ClientState => client as Client & ClientState;
