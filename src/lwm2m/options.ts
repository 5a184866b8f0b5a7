import type { QoS } from '../broker/port.js';
import type { IdentityBinding } from '../core/identity.js';
import type { GatewayCredentials } from './gateway-link.js';

/**
 * Topics of one set, below the mountpoint. `%e` stands for the endpoint name, `%a` for the device's address at its
 * registration.
 */
export interface TopicSet {
  /** How events are written here, and answers to what is no command of either dialect; commands tell their own. */
  readonly dialect: 'cmdid' | 'msgtype';
  /** Filter of the commands, `dn/#`. */
  readonly command: string;
  readonly response: string;
  readonly notify: string;
  /** Where registrations and their ends are told; absent: they are not. */
  readonly register?: string;
  /** Where updates are told; absent: they are not. */
  readonly update?: string;
}

/** The topics of the CmdID era, which knew commands and answers only. */
export const cmdIdTopics: TopicSet = {
  dialect: 'cmdid',
  command: 'command',
  response: 'response',
  notify: 'response',
};

/** The topics of the msgType era. */
export const msgTypeTopics: TopicSet = {
  dialect: 'msgtype',
  command: 'dn/#',
  response: 'up/resp',
  notify: 'up/notify',
  register: 'up/resp',
  update: 'up/resp',
};

/** How the LwM2M side behaves. */
export interface Lwm2mOptions {
  /** Bounds of a registration's lifetime, both allowed. */
  readonly lifetimeMinSeconds: number;
  readonly lifetimeMaxSeconds: number;
  /** Before every topic, with `%e` and `%a` as in TopicSet: `lwm2m/%e/`. */
  readonly mountpoint: string;
  readonly topics: readonly TopicSet[];
  /** Where each endpoint's status is kept as a retained message, below the mountpoint; absent: nowhere. */
  readonly statusTopic?: string;
  /**
   * Who subscribes to the commands: one link of the gateway, by wildcard, which costs nothing per device; or each
   * device's own link, which is what a broker shared by several gateways needs.
   */
  readonly commandSubscription: 'gateway' | 'device';
  /** Client id of the gateway's own link; no device can register under this name. */
  readonly gatewayClientId: string;
  /** With what the gateway's own link is let in; absent where everybody is. */
  readonly gatewayCredentials?: GatewayCredentials;
  /** Whether a command to an endpoint that is not registered here is answered; off where other gateways may have it. */
  readonly answerUnregistered: boolean;
  /** Quality of service of everything published. */
  readonly publishQos: QoS;
  /**
   * How long the answer to one message of a command is waited for: a bound on silence, not on the whole command. A
   * firmware image in blocks takes as long as the link needs, and goes on for as long as the device answers block by block.
   */
  readonly commandTimeoutMs: number;
  /**
   * How long a command may be under way, at least, before it is written to the store; at most twice as long. Until then, or until its answer, its publisher
   * is not acknowledged; what is answered sooner costs no write. 0 where the broker hands over one message after the other.
   */
  readonly keepAfterMs: number;
  /** Commands that may wait for one device. */
  readonly queueLimit: number;
  /** How long a command may wait for its device. */
  readonly queueTtlMs: number;
  /** What is observed after each registration: nothing, every registered path, or these paths. */
  readonly autoObserve: 'off' | 'on' | readonly string[];
  /** How long a device in queue mode listens after its last packet. */
  readonly qmodeTimeWindowMs: number;
  readonly updatePublishCondition: 'always' | 'contains_object_list';
  /** Whether an endpoint name must fit what a DTLS peer has proven to be. */
  readonly bindIdentity: IdentityBinding;
  /** Whether an update on plain UDP may come from another address than the registration. */
  readonly rebindOnUdp: boolean;
  /** Query parameters of a registration that may be published, beside ep, lt, lwm2m, b, sms and Q. */
  readonly publishedParameters: readonly string[];
  /** Access point names (query parameter `apn`) whose devices sleep although they do not say so. */
  readonly psmApns: readonly string[];
}

/** What a gateway does when nothing is configured. */
export const defaultLwm2mOptions: Lwm2mOptions = {
  lifetimeMinSeconds: 1,
  lifetimeMaxSeconds: 86_400,
  mountpoint: 'lwm2m/%e/',
  topics: [cmdIdTopics, msgTypeTopics],
  statusTopic: 'status',
  commandSubscription: 'gateway',
  gatewayClientId: 'isthmus-lwm2m',
  answerUnregistered: true,
  publishQos: 1,
  commandTimeoutMs: 93_000,
  keepAfterMs: 0,
  queueLimit: 100,
  queueTtlMs: 86_400_000,
  autoObserve: 'off',
  qmodeTimeWindowMs: 93_000,
  updatePublishCondition: 'always',
  bindIdentity: 'on',
  rebindOnUdp: true,
  publishedParameters: [],
  psmApns: [],
};
