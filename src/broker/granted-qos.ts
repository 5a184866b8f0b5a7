import type { AedesPublishPacket, Client } from 'aedes';
import type { QoS } from './port.js';
import { topicMatches } from './topics.js';

type Deliver = (packet: AedesPublishPacket, done: () => void) => void;

/** What aedes keeps in its client objects without declaring it, and a field of ours. */
interface ClientState {
  readonly subscriptions: Readonly<Record<string, { qos: QoS; granted?: QoS }>>;
  readonly deliverQoS: Deliver;
  deliver0: Deliver;
}

/** The highest QoS of a client's subscriptions that match a topic; 0 if none does. */
function grantedQos(client: ClientState, topic: string): QoS {
  let highest: QoS = 0;
  for (const filter in client.subscriptions) {
    const subscription = client.subscriptions[filter];
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

/** A packet with the QoS at which this client may have it [MQTT-3.8.4-6]. */
export function atGrantedQos(client: Client, packet: AedesPublishPacket): AedesPublishPacket {
  // A live message of QoS 1 comes only through a subscription of at least QoS 1; a retained one through any.
  if (packet.qos === 0 || (packet.qos === 1 && !packet.retain)) return packet;
  const qos = grantedQos(stateOf(client), packet.topic);
  return qos < packet.qos ? { ...packet, qos } : packet;
}

/**
 * Makes a client get a message that matches several of its filters with the highest QoS of these [MQTT-3.3.5-1]. aedes
 * delivers through the first filter found, and drops the rest as duplicates.
 */
export function deliverHighest(client: Client): void {
  const state = stateOf(client);
  const { deliver0 } = state;
  state.deliver0 = (packet, done) => {
    if (packet.qos > 0 && grantedQos(state, packet.topic) > 0) state.deliverQoS(packet, done);
    else deliver0(packet, done);
  };
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
