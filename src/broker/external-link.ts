import type { IConnackPacket, IPublishPacket } from 'mqtt-packet';
import { backoffMs } from '../core/backoff.js';
import type { Clock, Timer } from '../core/clock.js';
import type { Log } from '../core/log.js';
import type { Counter, Metrics } from '../core/metrics.js';
import type { Turn } from './connect-pacer.js';
import { endOf, refusalOf } from './external-answers.js';
import type { Connection, ConnectionEvents, Loss } from './external-connection.js';
import { reasonOf } from './external-probe.js';
import { LinkSubscriptions, withoutShare } from './external-subscriptions.js';
import { ExternalWindow } from './external-window.js';
import { type BrokerLink, BrokerRefusal, type Done, type LinkOptions, type Message, type QoS } from './port.js';
import { isTopicFilter, isTopicName } from './topics.js';

/** What a link needs of its broker. */
export interface ExternalHost {
  readonly clock: Clock;
  readonly log: Log;
  readonly counters: LinkCounters;
  /** A turn to connect; undefined when too many wait. */
  turn(run: () => void, inHurry: boolean): Turn | undefined;
  connection(options: LinkOptions, events: ConnectionEvents): Connection;
  /** Whether the broker itself was lost at about this time. */
  lostAround(at: number): boolean;
  gone(link: ExternalLink): void;
}

/** What is counted of all links. */
export type LinkCounters = Readonly<
  Record<'connects' | 'reconnects' | 'lost' | 'connectsRefused' | 'takeovers' | 'publishRefused' | 'heldBack', Counter>
>;

/** The counters of links, by their names. */
export const linkCounters = (metrics: Metrics): LinkCounters => ({
  connects: metrics.counter('broker.connects'),
  reconnects: metrics.counter('broker.reconnects'),
  lost: metrics.counter('broker.connections_lost'),
  connectsRefused: metrics.counter('broker.connects_refused'),
  takeovers: metrics.counter('broker.takeovers'),
  publishRefused: metrics.counter('broker.publish_refused'),
  heldBack: metrics.counter('broker.held_back'),
});

/** How long after a silent end of one connection it is clear that the others live on, ms. */
const doubtMs = 1000;

/**
 * One device's connection to a broker elsewhere. It comes back by itself after a loss, and ends for good when another
 * connection has taken its client id or the broker does not want it any more.
 */
export class ExternalLink implements BrokerLink {
  readonly clientId: string;
  private readonly host: ExternalHost;
  private readonly options: LinkOptions;
  private readonly subscriptions = new LinkSubscriptions();
  private readonly window: ExternalWindow;
  private connection: Connection | undefined;
  private state: 'away' | 'open' | 'closed' = 'away';
  private opening: { resolve(link: BrokerLink): void; reject(refusal: BrokerRefusal): void } | undefined;
  private everOpen = false;
  private sessionPresent = false;
  private usesIds = false;
  /** The will that the broker holds. */
  private registered: Message | undefined;
  private leavesWill = false;
  private failures = 0;
  private timer: Timer | undefined;
  private turn: Turn | undefined;
  private predecessor: ExternalLink | undefined;
  private isGone = false;
  private full = false;
  private afterwards: (() => void) | undefined;

  constructor(host: ExternalHost, options: LinkOptions) {
    this.host = host;
    this.options = options;
    this.clientId = options.clientId;
    this.window = new ExternalWindow((message, answered) => this.connection?.publish(message, answered));
  }

  get isOpen(): boolean {
    return this.state === 'open';
  }

  /** Publications that the broker has not acknowledged. */
  get inFlight(): number {
    return this.connection?.onTheWay ?? 0;
  }

  /** Connects, after the last link of the same client id is off. Patient owners have their link before that. */
  open(predecessor: ExternalLink | undefined): Promise<BrokerLink> {
    this.predecessor = predecessor;
    return new Promise((resolve, reject) => {
      if (this.options.patient) resolve(this);
      else this.opening = { resolve, reject };
      const begin = (): void => {
        this.predecessor = undefined;
        if (this.state !== 'closed') this.queue();
      };
      if (predecessor === undefined || predecessor.isGone) begin();
      else predecessor.afterwards = begin;
    });
  }

  publish(message: Message, answered: Done): void {
    const done: Done = (refusal) => {
      if (refusal !== undefined) this.host.counters.publishRefused.value++;
      answered(refusal);
    };
    if (!isTopicName(message.topic)) done(new BrokerRefusal('BAD_TOPIC', `not a topic name: ${message.topic}`));
    else if (this.state !== 'open' || this.connection === undefined) done(away());
    else if (message.qos > 0) this.window.publish(message, done);
    else if (this.connection.unsent > maxUnsentBytes) done(new BrokerRefusal('UNAVAILABLE', 'the broker is slow'));
    else {
      let code = 0;
      this.connection.publish(message, (answer) => (code = answer));
      done(code === 0 ? undefined : refusalOf(code, `not for this broker: ${message.topic}`));
    }
  }

  setFull(full: boolean): void {
    this.full = full;
    this.connection?.setFull(full);
  }

  subscribe(filter: string, qos: QoS, done: (refusal?: BrokerRefusal, granted?: QoS) => void, resume = false): void {
    if (!isTopicFilter(withoutShare(filter))) {
      done(new BrokerRefusal('BAD_TOPIC', `not a topic filter: ${filter}`));
    } else if (this.state === 'closed' || (this.state === 'away' && this.everOpen && !resume)) {
      done(away());
    } else if (this.state === 'away' || (resume && this.sessionPresent)) {
      // The broker has it, or gets it with the connection.
      this.subscriptions.set(filter, qos, resume);
      done(undefined, qos);
    } else this.ask(filter, qos, resume, done);
  }

  unsubscribe(filter: string, done: Done): void {
    if (!isTopicFilter(withoutShare(filter))) {
      done(new BrokerRefusal('BAD_TOPIC', `not a topic filter: ${filter}`));
    } else if (this.state !== 'open') done(away());
    else {
      this.connection?.unsubscribe(filter, (code) => {
        if (code === undefined) done(away());
        else if (code >= 128) done(refusalOf(code, `still subscribed to ${filter}`));
        else {
          this.subscriptions.delete(filter);
          done();
        }
      });
    }
  }

  publishWill(will: Message): void {
    if (this.state !== 'open') return;
    if (this.registered !== undefined && sameMessage(this.registered, will)) this.leavesWill = true;
    else this.publish(will, () => {});
  }

  close(): void {
    if (this.state !== 'closed') this.finish(this.leavesWill ? 'leave will' : 'goodbye');
  }

  /** Ends the link from the broker's side; a will is published as the broker's rules have it. */
  end(reason: 'takeover' | 'kicked' | 'lost'): void {
    if (this.state === 'closed') return;
    const wasOpening = this.opening !== undefined;
    if (reason === 'takeover') this.host.counters.takeovers.value++;
    this.finish(reason === 'takeover' ? 'taken over' : 'goodbye');
    if (!wasOpening) this.options.onClose?.(reason, this);
  }

  private finish(how: 'goodbye' | 'leave will' | 'taken over'): void {
    this.state = 'closed';
    this.timer?.cancel();
    this.turn?.cancel();
    this.opening?.reject(new BrokerRefusal('UNAVAILABLE', 'the link was closed while it was opened'));
    this.opening = undefined;
    const gone = (): void => {
      this.isGone = true;
      this.connection = undefined;
      this.window.refuse(away());
      this.host.gone(this);
      this.afterwards?.();
    };
    const { connection, predecessor } = this;
    if (connection === undefined) {
      if (predecessor === undefined || predecessor.isGone) gone();
      else predecessor.afterwards = gone;
    } else if (how === 'goodbye') connection.end(this.options.cleanSession, gone);
    else connection.break(how === 'taken over', gone);
  }

  private queue(): void {
    this.turn = this.host.turn(() => this.connect(), this.opening !== undefined);
    if (this.turn === undefined) this.fail(new BrokerRefusal('UNAVAILABLE', 'too many connections are being opened'));
  }

  private connect(): void {
    this.turn = undefined;
    this.connection ??= this.newConnection();
    this.registered = this.options.will?.();
    // Only the first connection wants a clean session where the broker keeps one over a loss.
    const clean = this.options.cleanSession && !(this.everOpen && this.connection.keepsCleanSession);
    this.connection.connect(clean, this.registered);
  }

  private newConnection(): Connection {
    const connection = this.host.connection(this.options, {
      connected: (connack) => this.onConnected(connack),
      lost: (loss) => this.onLost(loss),
      message: (packet, taken, at) => this.onMessage(packet, taken, at),
      heldBack: () => this.host.counters.heldBack.value++,
    });
    connection.setFull(this.full);
    return connection;
  }

  private onConnected({ sessionPresent, properties }: IConnackPacket): void {
    this.state = 'open';
    this.failures = 0;
    this.sessionPresent = sessionPresent;
    this.usesIds = this.connection?.version === 5 && properties?.subscriptionIdentifiersAvailable !== false;
    const { counters } = this.host;
    (this.everOpen ? counters.reconnects : counters.connects).value++;
    this.window.open(properties?.receiveMaximum, (this.connection?.onTheWay ?? 0) - this.window.used);
    for (const [filter, { qos, quiet }] of this.subscriptions) {
      if (quiet && sessionPresent) continue;
      this.ask(filter, qos, quiet, (refusal) => {
        if (refusal !== undefined) this.log({ filter, err: refusal }, 'a subscription was not taken up again');
      });
    }
    this.everOpen = true;
    const { opening } = this;
    this.opening = undefined;
    if (opening === undefined) this.options.onReconnect?.();
    else opening.resolve(this);
  }

  private onLost(loss: Loss): void {
    const wasOpen = this.state === 'open';
    const { counters } = this.host;
    if (wasOpen) counters.lost.value++;
    if (loss.kind === 'refused') counters.connectsRefused.value++;
    this.state = 'away';
    this.window.close(away());
    for (const [, subscription] of this.subscriptions) subscription.quiet = true;
    const refusal = loss.kind === 'refused' ? refusalOf(loss.code, `${this.clientId}: ${loss.message}`) : undefined;
    const end = loss.kind === 'told' ? endOf(loss.code) : undefined;
    if (this.opening !== undefined) this.fail(refusal ?? new BrokerRefusal('UNAVAILABLE', reasonOf(loss)));
    else if (end !== undefined) this.end(end);
    else if (refusal !== undefined && refusal.code !== 'UNAVAILABLE') {
      this.log({ err: refusal }, 'the broker does not let this client in again');
      this.end('kicked');
    } else if (wasOpen && loss.kind === 'closed') this.doubt();
    else this.retry();
  }

  /**
   * MQTT 3.1.1 has no word for a takeover, and not every broker with MQTT 5 says it: it is one when the broker closed this
   * connection while the gateway's own goes on.
   */
  private doubt(): void {
    const at = this.host.clock.now();
    this.timer = this.host.clock.after('mqtt takeover', doubtMs, () => {
      if (this.host.lostAround(at)) this.retry();
      else this.end('takeover');
    });
  }

  private retry(): void {
    const delay = backoffMs(this.failures++, 100, 30_000);
    this.timer = this.host.clock.after('mqtt reconnect', delay, () => this.queue());
  }

  /** The link does not come about. */
  private fail(refusal: BrokerRefusal): void {
    const { opening } = this;
    this.opening = undefined;
    this.finish('goodbye');
    opening?.reject(refusal);
  }

  private ask(filter: string, qos: QoS, quiet: boolean, done: (refusal?: BrokerRefusal, granted?: QoS) => void): void {
    const before = this.subscriptions.get(filter);
    const { id } = this.subscriptions.set(filter, qos, quiet);
    this.connection?.subscribe(filter, { qos, id: this.usesIds ? id : undefined, quiet }, (granted) => {
      if (granted !== undefined && granted < 128) {
        this.subscriptions.set(filter, granted as QoS, quiet);
        done(undefined, granted as QoS);
        return;
      }
      if (before === undefined) this.subscriptions.delete(filter);
      else this.subscriptions.set(filter, before.qos, before.quiet);
      done(granted === undefined ? away() : refusalOf(granted, `${this.clientId} may not subscribe to ${filter}`));
    });
  }

  private onMessage({ topic, payload, qos, retain, properties }: IPublishPacket, taken: () => void, at: number): void {
    if (this.state === 'closed') {
      // Without an acknowledgement it stays in the session that the broker keeps.
      if (qos === 0 || this.options.cleanSession) taken();
      return;
    }
    const ids = properties?.subscriptionIdentifier ?? noIds;
    if (!this.subscriptions.wants(topic, retain, typeof ids === 'number' ? [ids] : ids)) taken();
    else {
      const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
      const message = { topic, payload: bytes, qos, retain };
      this.options.onMessage(properties === undefined ? message : { ...message, ...extrasOf(properties, at) }, taken);
    }
  }

  private log(fields: object, text: string): void {
    this.host.log.warn({ clientId: this.clientId, ...fields }, text);
  }
}

/** What MQTT 5 says about a message beside itself. */
function extrasOf(
  { messageExpiryInterval: seconds, responseTopic, correlationData }: NonNullable<IPublishPacket['properties']>,
  at: number,
): Partial<Message> {
  return {
    ...(seconds === undefined ? {} : { expiresAt: at + seconds * 1000 }),
    ...(responseTopic === undefined ? {} : { responseTopic }),
    ...(correlationData === undefined ? {} : { correlationData }),
  };
}

const noIds: readonly number[] = [];

/** What may wait in one socket before a device is told to come later. */
const maxUnsentBytes = 1 << 20;

const away = (): BrokerRefusal => new BrokerRefusal('UNAVAILABLE', 'not connected to the broker');

const sameMessage = (a: Message, b: Message): boolean =>
  a.topic === b.topic && a.qos === b.qos && a.retain === b.retain && a.payload.equals(b.payload);
