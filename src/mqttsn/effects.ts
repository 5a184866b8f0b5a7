import type { BrokerRefusal, Message, QoS } from '../broker/port.js';
import type { Packet, Publish, Subscribe, Unsubscribe } from './packets.js';
import type { Outgoing } from './session.js';

/** What happens to a session. */
export type Input =
  | { readonly type: 'packet'; readonly packet: Packet }
  /** A message from the broker; `taken` as in DeliveryHandler. */
  | { readonly type: 'deliver'; readonly message: Message; readonly taken: () => void }
  /** The broker's answers to effects of the same name. */
  | { readonly type: 'published'; readonly packet: Publish; readonly refusal?: BrokerRefusal }
  | {
      readonly type: 'subscribed';
      readonly packet: Subscribe;
      readonly filter: string;
      readonly topicId: number;
      readonly granted: QoS;
      readonly refusal?: BrokerRefusal;
    }
  | { readonly type: 'unsubscribed'; readonly packet: Unsubscribe }
  | { readonly type: 'linked'; readonly refusal?: BrokerRefusal }
  /** What was to be stored of a message is. */
  | { readonly type: 'stored'; readonly outgoing: Outgoing }
  /** Time has come to `dueAt`. */
  | { readonly type: 'time' }
  /** The client is to be given up; its will is published. */
  | { readonly type: 'lose'; readonly reason: LossReason };

/** Why a client was given up. */
export type LossReason = 'keepalive' | 'sleep' | 'retries' | 'kicked' | 'address taken' | 'broker link lost';

/** What is counted, as `mqttsn.NAME`. */
export type Count =
  | 'unexpected_packets'
  | 'retransmissions'
  | 'queue_dropped_qos0'
  | 'queue_dropped'
  | 'queue_expired'
  | 'dropped_too_long'
  | 'dropped_no_topic_id'
  | 'dropped_refused'
  | 'sessions_lost'
  | 'sessions_expired';

/** What a session wants done. The server runs the effects of a step in their order. */
export type Effect =
  | { readonly type: 'send'; readonly packet: Packet }
  /** Publishes; with a packet, the answer comes back as `published`. */
  | { readonly type: 'publish'; readonly message: Message; readonly packet?: Publish }
  /** Publishes the will of a client that is given up; it leaves at once. */
  | { readonly type: 'will'; readonly will: Message }
  | {
      readonly type: 'subscribe';
      readonly filter: string;
      readonly qos: QoS;
      readonly topicId: number;
      readonly packet: Subscribe;
    }
  | { readonly type: 'unsubscribe'; readonly filter: string; readonly packet: Unsubscribe }
  /** Opens the broker link, closing an open one first; the answer comes back as `linked`. */
  | { readonly type: 'link'; readonly cleanSession: boolean }
  /** A delivery is in our charge. */
  | { readonly type: 'taken'; readonly taken: () => void }
  /** Writes a message for the client to the store; `stored` tells when a crash cannot lose it any more. */
  | { readonly type: 'store'; readonly outgoing: Outgoing }
  /** Removes a message from the store. */
  | { readonly type: 'discard'; readonly outgoing: Outgoing }
  /** Notes in the store that a QoS 2 publication has come, or that it is released; what follows a release waits for it. */
  | { readonly type: 'received'; readonly msgId: number }
  | { readonly type: 'released'; readonly msgId: number }
  /** Writes what is lasting of the session (all but its messages) to the store; what follows is sent when it is there. */
  | { readonly type: 'save' }
  /** The address no longer belongs to this session. */
  | { readonly type: 'unbind' }
  /** The session is over: close its link, forget all of it. The answer is sent when the store has forgotten it too. */
  | { readonly type: 'end'; readonly answer?: Packet }
  | { readonly type: 'count'; readonly name: Count }
  | { readonly type: 'lost'; readonly reason: LossReason };

/** Collects the effects of one step. */
export type Effects = Effect[];
