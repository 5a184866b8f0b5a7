import { IsthmusError } from '../core/errors.js';

/** Quality of service of an MQTT message. */
export type QoS = 0 | 1 | 2;

/** An application message. */
export interface Message {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: QoS;
  readonly retain: boolean;
  /** After this time, ms since 1970, nobody needs it any more; absent: it is always needed [MQTT5 3.3.2.3.3]. */
  readonly expiresAt?: number;
  /** Where its sender waits for an answer [MQTT5 4.10]. */
  readonly responseTopic?: string;
  /** By which whoever asked knows the answer: comes with the question, goes with the answer [MQTT5 4.10]. */
  readonly correlationData?: Buffer;
}

/** Why a broker said no. */
export type RefusalCode =
  | 'BAD_CREDENTIALS' // user name or password are wrong
  | 'NOT_AUTHORIZED' // known, but not allowed to do this
  | 'BAD_TOPIC' // a topic name or filter that MQTT does not allow
  | 'UNAVAILABLE'; // try again later

/** A broker's refusal. `UNAVAILABLE` is the only one that a repetition can mend. */
export class BrokerRefusal extends IsthmusError {
  declare readonly code: RefusalCode;

  constructor(code: RefusalCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** `undefined` when it worked. */
export type Done = (refusal?: BrokerRefusal) => void;

/**
 * Takes a message for a device. `taken` must be called once, soon, when the message is safe (delivered, or stored for a
 * sleeper, or given up): until then its publisher is not acknowledged and other deliveries may wait behind it.
 * `message.qos` is already the lower of the publication's and the subscription's; `retain` is true only for a retained
 * message sent because of a new subscription.
 */
export type DeliveryHandler = (message: Message, taken: () => void) => void;

/** What opens a link. */
export interface LinkOptions {
  readonly clientId: string;
  readonly username?: string;
  readonly password?: Buffer;
  /** True: nothing of an earlier session with this client id is kept. */
  readonly cleanSession: boolean;
  /** For the broker's log and rules: `mqttsn`, `lwm2m`. */
  readonly protocol: string;
  /** For the broker's log: where the device is. */
  readonly address: string;
  /**
   * The client's will as it is now. A broker elsewhere is given it with each connection, and publishes it when the
   * gateway dies or cannot be reached; one in this process has no use for it.
   */
  readonly will?: () => Message | undefined;
  /**
   * For who does not wait for an answer: a broker that is not there is waited for, and until it is the link refuses
   * publications with `UNAVAILABLE` and keeps subscriptions for then.
   */
  readonly patient?: boolean;
  /** A link of the gateway itself: templates of devices' client ids do not apply. */
  readonly isGateway?: boolean;
  readonly onMessage: DeliveryHandler;
  /**
   * The link was patient and is connected now, or it was lost for a while and is back: meanwhile the broker may have
   * published the will.
   */
  readonly onReconnect?: () => void;
  /** The broker ended the link: taken over by another connection of this client id, or removed by an administrator. */
  readonly onClose?: (reason: 'takeover' | 'kicked' | 'lost', link: BrokerLink) => void;
}

/** One client's connection to the broker. A message of a link is never handed back to that link by any other rule than MQTT's. */
export interface BrokerLink {
  readonly clientId: string;
  /** Publishes. `done` without a refusal means: the broker has it as the QoS demands, so the device may be acknowledged. */
  publish(message: Message, done: Done): void;
  /**
   * Subscribes; `done` comes first, retained messages after it. Subscribing again to the same filter replaces it and
   * sends the retained messages again. A message that matches several filters of a link is handed over once, with the
   * highest of their QoS. `resume` takes a subscription up again that the device never gave up: no retained messages.
   */
  subscribe(filter: string, qos: QoS, done: (refusal?: BrokerRefusal, granted?: QoS) => void, resume?: boolean): void;
  unsubscribe(filter: string, done: Done): void;
  /**
   * Says whether there is room for another message with QoS 1 or 2. While there is none, publications that this link
   * would get are refused (`UNAVAILABLE`) before anybody gets them, or wait where they are.
   */
  setFull(full: boolean): void;
  /**
   * The client is lost: publishes its will, once. Where the broker holds that will it is the broker that publishes, at the
   * `close()` that has to follow.
   */
  publishWill(will: Message): void;
  /** Ends the link, with no will published but after `publishWill`; no delivery afterwards. May be called again. */
  close(): void;
}

/** A broker as the protocols see it, embedded or not. */
export interface BrokerPort {
  /**
   * Whether the broker keeps the sessions of clients that are away. Their links are then closed, messages for them wait in
   * the broker, and they may come back through another gateway.
   */
  readonly keepsSessions: boolean;
  /** Whether the broker is there: devices are served. */
  readonly ready: boolean;
  /** Opens a link, or rejects with a BrokerRefusal. A link of the same client id is closed with `takeover`. */
  open(options: LinkOptions): Promise<BrokerLink>;
}
