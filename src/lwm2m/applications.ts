import type { BrokerLink, BrokerPort, DeliveryHandler, Done, Message } from '../broker/port.js';
import { BrokerRefusal } from '../broker/port.js';
import { backoffMs } from '../core/backoff.js';
import type { Clock } from '../core/clock.js';
import type { Identity } from '../core/datagram.js';
import type { Log } from '../core/log.js';
import type { Counter, Metrics } from '../core/metrics.js';
import type { AddressedCommand, ReplyTo } from './command-queue.js';
import type { Device } from './device.js';
import { parseCommand } from './dialects/parse-command.js';
import { type Status, statusText } from './events.js';
import { GatewayLink } from './gateway-link.js';
import type { Lwm2mOptions } from './options.js';
import { compileTemplate, compileTopics, isResponseTopic, type Topics, type TopicTemplate } from './topics.js';

/** What the applications' side needs around it. */
export interface ApplicationsContext {
  readonly options: Lwm2mOptions;
  readonly broker: BrokerPort;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly deviceOf: (endpoint: string) => Device | undefined;
  /** A command for a device; whoever takes it answers it, and calls `taken` when it is safe. */
  readonly command: (device: Device, command: AddressedCommand, taken: () => void) => void;
  /** The broker has ended a device's link for good. */
  readonly ended: (device: Device, reason: 'takeover' | 'kicked') => void;
}

/** Links opened at a time after a restart. */
const openingAtOnce = 32;

/**
 * The applications' side: commands in, answers and events out. Each device has a link of its own, so that the broker
 * knows it, can refuse it, and decides what it may publish. The commands of all come by one wildcard subscription of the
 * gateway's link, or by each device's own.
 */
export class Applications {
  private readonly context: ApplicationsContext;
  private readonly topics: readonly Topics[];
  private readonly status: TopicTemplate | undefined;
  private readonly gateway: GatewayLink;
  private readonly refused: Counter;
  private readonly received: Counter;
  /** Endpoints whose link is being opened again; a new registration of theirs may overtake that. */
  private readonly reopening = new Set<string>();

  constructor(context: ApplicationsContext) {
    const { options, metrics } = context;
    this.context = context;
    this.topics = options.topics.map((set) => compileTopics(options.mountpoint, set));
    const { mountpoint, statusTopic } = options;
    const status = statusTopic === undefined ? '' : mountpoint + statusTopic;
    // Under a mountpoint without the endpoint's name all devices would share one status.
    this.status = status.includes('%e') ? compileTemplate(status) : undefined;
    this.gateway = new GatewayLink({
      ...context,
      clientId: options.gatewayClientId,
      credentials: options.gatewayCredentials,
      filters: this.wildcards(),
      onMessage: (message, taken) => this.fromGateway(message, taken),
    });
    this.refused = metrics.counter('lwm2m.publish_refused');
    this.received = metrics.counter('lwm2m.commands');
  }

  /** The set of topics on which events are told. */
  get eventTopics(): Topics {
    return this.topics.find((topics) => topics.register !== undefined) ?? (this.topics[0] as Topics);
  }

  start(): Promise<void> {
    return this.gateway.start();
  }

  stop(): void {
    this.gateway.stop();
  }

  /**
   * Opens a device's link. Rejects with the broker's refusal; a patient one waits for the broker. A broker elsewhere
   * publishes the device's status as its will when this gateway dies.
   */
  async connect(device: Device, patient = false): Promise<void> {
    const { peer, registration, credentials } = device;
    const username = credentials?.username ?? nameOf(peer.identity);
    const password = credentials?.password;
    const ownSubscriptions = this.topics.filter(({ command }) => this.isOwnSubscription(command));
    const link = await this.context.broker.open({
      clientId: registration.endpoint,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password: Buffer.from(password) }),
      cleanSession: true,
      patient,
      will: () => this.statusMessage(device, 'offline'),
      onReconnect: () => this.tellStatus(device),
      protocol: 'lwm2m',
      address: peer.address,
      onMessage:
        ownSubscriptions.length === 0 ? takeNothing : (message, taken) => this.fromDevice(device, message, taken),
      onClose: this.closed,
    });
    device.link = link;
    for (const { command } of ownSubscriptions) {
      const filter = command.of(registration.endpoint, device.topicAddress);
      link.subscribe(filter, 1, (refusal) => {
        if (refusal !== undefined) this.warn(device, refusal, 'no commands: the subscription was refused');
      });
    }
  }

  /** Tells a device's status again, as another may have been told in its place: its will, when a connection was lost. */
  tellStatus(device: Device): void {
    if (this.context.deviceOf(device.registration.endpoint) === device) this.keepStatus(device, statusOf(device));
  }

  /** Leaves it to a broker elsewhere to tell that devices are not reached any more. */
  leave(devices: Iterable<Device>): void {
    for (const device of devices) {
      const will = this.statusMessage(device, 'offline');
      if (will !== undefined && this.context.broker.keepsSessions) device.link?.publishWill(will);
      this.disconnect(device);
    }
  }

  /** Opens the links of devices from before a restart, some at a time; until then the gateway's own speaks for them. */
  reopen(devices: Iterable<Device>): void {
    const left = devices[Symbol.iterator]();
    const next = async (): Promise<void> => {
      for (let one = left.next(); one.done !== true; one = left.next()) await this.tryAgain(one.value, 0);
    };
    for (let i = 0; i < openingAtOnce; i += 1) void next();
  }

  /** Closes a device's link. */
  disconnect(device: Device): void {
    const { link } = device;
    device.link = undefined;
    link?.close();
  }

  /** The set of topics whose commands come on this filter, or else the one of events. */
  topicsOf(filter: string): Topics {
    return this.topics.find(({ command }) => command.text === filter) ?? this.eventTopics;
  }

  /** Publishes for a device; `done` comes when the broker has it, or has refused it. */
  publish(device: Device, topic: TopicTemplate, payload: string, retain = false, done?: () => void): void {
    this.send(device, this.message(topic.of(device.registration.endpoint, device.topicAddress), payload, retain), done);
  }

  /** Publishes the answer to a command for a device, where its application waits for it. */
  reply(device: Device, to: ReplyTo, payload: string, done?: () => void): void {
    this.send(device, this.answerTo(to, payload), done);
  }

  /** Publishes the answer to a command for an endpoint that is not registered any more. */
  replyFor(endpoint: string, { topics, replyTo }: AddressedCommand, payload: string, done: () => void): void {
    const message =
      replyTo === undefined ? this.message(topics.response.of(endpoint, ''), payload) : this.answerTo(replyTo, payload);
    this.gateway.publish(message, this.publishedThen(done));
  }

  private send(device: Device, message: Message, done?: () => void): void {
    const published = this.publishedThen(done);
    if (device.link === undefined) {
      this.gateway.publish(message, published);
      return;
    }
    device.link.publish(message, (refusal) => {
      // Not connected yet, or lost: until it is, the gateway's own link speaks for the device.
      if (refusal?.code === 'UNAVAILABLE') this.gateway.publish(message, published);
      else published(refusal);
    });
  }

  private answerTo({ topic, correlationData }: ReplyTo, payload: string): Message {
    const message = this.message(topic, payload);
    return correlationData === undefined ? message : { ...message, correlationData };
  }

  private statusMessage(device: Device, status: Status): Message | undefined {
    const { registration, topicAddress } = device;
    const topic = this.status?.of(registration.endpoint, topicAddress);
    return topic === undefined ? undefined : this.message(topic, statusText(status, registration), true);
  }

  /** Tells an event of a device on every set of topics that has a place for it. */
  tell(device: Device, kind: 'register' | 'update' | 'notify', event: string): void {
    for (const topics of this.topics) {
      const topic = topics.dialect === 'msgtype' ? topics[kind] : undefined;
      if (topic !== undefined) this.publish(device, topic, event);
    }
  }

  /** Keeps the status of an endpoint for who asks later. */
  keepStatus(device: Device, status: Status): void {
    const message = this.statusMessage(device, status);
    if (message !== undefined) this.send(device, message);
  }

  private fromDevice(device: Device, message: Message, taken: () => void): void {
    const topics = this.topics.find(({ command }) => command.match(message.topic) !== undefined);
    if (topics === undefined) taken();
    else this.take(device, message, topics, taken);
  }

  private fromGateway(message: Message, taken: () => void): void {
    for (const topics of this.topics) {
      const { endpoint, address = '' } = topics.command.match(message.topic) ?? {};
      if (endpoint === undefined) continue;
      const device = this.context.deviceOf(endpoint);
      if (device !== undefined && !this.isOwnSubscription(topics.command)) {
        this.take(device, message, topics, taken);
        return;
      }
      if (device === undefined) this.refuse(endpoint, address, message, topics);
      break;
    }
    taken();
  }

  private take(device: Device, message: Message, topics: Topics, taken: () => void): void {
    this.received.value++;
    const parsed = parseCommand(message.payload, topics.dialect);
    const { responseTopic: topic, correlationData, expiresAt: mustEndBy } = message;
    const replyTo =
      topic !== undefined && isResponseTopic(topic, this.topics)
        ? { topic, ...(correlationData === undefined ? {} : { correlationData }) }
        : undefined;
    if (parsed.kind === 'invalid') {
      if (replyTo === undefined) this.publish(device, topics.response, parsed.answer);
      else this.reply(device, replyTo, parsed.answer);
      taken();
      return;
    }
    const { command, replies } = parsed;
    // Field by field: what is spread has a shape of its own each time, and whoever reads it looks for each field anew.
    this.context.command(device, { command, replies, topics, replyTo, mustEndBy }, taken);
  }

  /** Answers a command to an endpoint that nobody has registered. */
  private refuse(endpoint: string, address: string, message: Message, topics: Topics): void {
    // A retained command is old news of the subscription, not somebody waiting.
    if (!this.context.options.answerUnregistered || message.retain) return;
    this.received.value++;
    const parsed = parseCommand(message.payload, topics.dialect);
    const answer =
      parsed.kind === 'invalid' ? parsed.answer : parsed.replies.answer({ kind: 'failed', failure: 'not_registered' });
    this.gateway.publish(this.message(topics.response.of(endpoint, address), answer), this.published);
  }

  /** One for all devices, who are many. Whoever is not in the table any more, or not yet, does not care. */
  private readonly closed = (reason: 'takeover' | 'kicked' | 'lost', link: BrokerLink): void => {
    const device = this.context.deviceOf(link.clientId);
    if (device === undefined || device.link !== link) return;
    device.link = undefined;
    if (reason === 'lost' || this.reopening.has(link.clientId)) this.reconnect(device, 0);
    else this.context.ended(device, reason);
  };

  private reconnect(device: Device, attempt: number): void {
    const delay = backoffMs(attempt, 100, 60_000);
    this.context.clock.after('lwm2m device link', delay, () => void this.tryAgain(device, attempt));
  }

  private async tryAgain(device: Device, attempt: number): Promise<void> {
    const { endpoint } = device.registration;
    const isCurrent = (): boolean => this.context.deviceOf(endpoint) === device;
    if (!isCurrent() || device.link !== undefined) return;
    this.reopening.add(endpoint);
    try {
      // A broker elsewhere is waited for, once for all; the embedded one is there.
      const elsewhere = this.context.broker.keepsSessions;
      await this.connect(device, elsewhere);
      // It registered anew or left while the link was opened.
      if (!isCurrent()) this.disconnect(device);
    } catch (error) {
      if (error instanceof BrokerRefusal && error.code !== 'UNAVAILABLE') this.context.ended(device, 'kicked');
      else this.reconnect(device, attempt + 1);
    } finally {
      this.reopening.delete(endpoint);
    }
  }

  /** Whether devices subscribe to these commands themselves; they must where the topic does not name the endpoint. */
  private isOwnSubscription(command: TopicTemplate): boolean {
    return this.context.options.commandSubscription === 'device' || command.wildcard === undefined;
  }

  private wildcards(): string[] {
    const { commandSubscription, answerUnregistered } = this.context.options;
    if (commandSubscription === 'device' && !answerUnregistered) return [];
    return this.topics.flatMap(({ command }) => (command.wildcard === undefined ? [] : [command.wildcard]));
  }

  private message(topic: string, payload: string, retain = false): Message {
    return { topic, payload: Buffer.from(payload), qos: this.context.options.publishQos, retain };
  }

  private readonly published = (refusal?: BrokerRefusal): void => {
    if (refusal !== undefined) this.refused.value++;
  };

  private publishedThen(done: (() => void) | undefined): Done {
    if (done === undefined) return this.published;
    return (refusal) => {
      this.published(refusal);
      done();
    };
  }

  private warn(device: Device, refusal: BrokerRefusal, text: string): void {
    this.context.log.warn({ endpoint: device.registration.endpoint, err: refusal }, text);
  }
}

/** What the status topic says of a device that is registered. */
function statusOf({ registration, asleep }: Device): Status {
  if (!registration.queueMode) return 'online';
  return asleep ? 'asleep' : 'awake';
}

/** For links that have subscribed to nothing; one for all. */
const takeNothing: DeliveryHandler = (_message, taken) => taken();

/** The name under which the broker may know a device that has proven who it is. */
function nameOf(identity: Identity | undefined): string | undefined {
  if (identity?.kind === 'psk') return identity.identity;
  return identity?.kind === 'x509' ? identity.commonName : undefined;
}
