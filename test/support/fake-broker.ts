import {
  type BrokerLink,
  type BrokerPort,
  BrokerRefusal,
  type Done,
  type LinkOptions,
  type Message,
  type QoS,
} from '#src/broker/port.js';

/** What a test may leave out of a message. */
export interface PublishOptions extends Partial<Pick<Message, 'expiresAt' | 'responseTopic' | 'correlationData'>> {
  readonly qos?: QoS;
  readonly retain?: boolean;
}

/** A client's session: its subscriptions, and what waits for it while no link is open. */
interface Session {
  readonly clientId: string;
  readonly subscriptions: Map<string, QoS>;
  readonly waiting: Message[];
  link: FakeLink | undefined;
  full?: boolean;
}

/**
 * A broker in memory, synchronous: a message is with its subscribers before `publish` returns. Keeps retained messages
 * and persistent sessions; knows no users. Set `refuse` or `refuseTopic` to have it say no.
 */
export class FakeBroker implements BrokerPort {
  keepsSessions = false;
  ready = true;
  /** Every message published, in order, with the client it came from (`''`: the test itself). */
  readonly published: { clientId: string; message: Message }[] = [];
  /** How every link was opened, in order. */
  readonly opened: LinkOptions[] = [];
  readonly retained = new Map<string, Message>();
  /** Answers each `open`; a refusal rejects it. */
  refuse: (options: LinkOptions) => BrokerRefusal | undefined = () => undefined;
  /** Answers each publication and subscription of a link. */
  refuseTopic: (clientId: string, topic: string) => BrokerRefusal | undefined = () => undefined;
  private readonly sessions = new Map<string, Session>();

  open(options: LinkOptions): Promise<BrokerLink> {
    this.opened.push(options);
    const refusal = this.refuse(options);
    if (refusal !== undefined) return Promise.reject(refusal);
    const previous = this.sessions.get(options.clientId);
    previous?.link?.end('takeover');
    const session: Session =
      previous !== undefined && !options.cleanSession
        ? previous
        : { clientId: options.clientId, subscriptions: new Map(), waiting: [], link: undefined };
    const link = new FakeLink(this, session, options);
    session.link = link;
    this.sessions.set(options.clientId, session);
    // The opener must have its link before what waited for it arrives.
    queueMicrotask(() => {
      for (const message of session.waiting.splice(0)) link.deliver(message, () => {});
    });
    return Promise.resolve(link);
  }

  /** Publishes as an application would; resolves when every subscriber has taken it. */
  publish(topic: string, payload: Buffer | string, options: PublishOptions = {}): Promise<void> {
    const { qos = 1, retain = false, ...others } = options;
    const message = { topic, payload: Buffer.from(payload), qos, retain, ...others };
    return new Promise((resolve) => this.route('', message, () => resolve()));
  }

  /** Subscribes as an application would: every message that matches from now on is pushed to the array. */
  watch(filter: string): Message[] {
    const seen: Message[] = [];
    const session: Session = {
      clientId: `watch ${this.sessions.size}`,
      subscriptions: new Map([[filter, 2]]),
      waiting: [],
      link: undefined,
    };
    session.link = new FakeLink(this, session, {
      clientId: session.clientId,
      cleanSession: true,
      protocol: 'test',
      address: 'test',
      onMessage: (message, taken) => {
        seen.push(message);
        taken();
      },
    });
    this.sessions.set(session.clientId, session);
    return seen;
  }

  /** Ends a client's link from the broker's side. */
  end(clientId: string, reason: 'takeover' | 'kicked' | 'lost'): void {
    this.sessions.get(clientId)?.link?.end(reason);
  }

  /** Client ids with an open link, without those of `watch`. */
  get connected(): string[] {
    return [...this.sessions.values()]
      .filter((session) => session.link !== undefined && !session.clientId.startsWith('watch '))
      .map((session) => session.clientId);
  }

  /** The filters a client is subscribed to. */
  subscriptionsOf(clientId: string): string[] {
    return [...(this.sessions.get(clientId)?.subscriptions.keys() ?? [])];
  }

  /** Whether somebody whom a message of this topic concerns has no room for it. */
  isFull(topic: string): boolean {
    return [...this.sessions.values()].some(
      ({ full, subscriptions }) => full === true && highestMatch(subscriptions, topic) !== undefined,
    );
  }

  /** Hands a message to everyone it matches; `done` comes when all have taken it. */
  route(clientId: string, message: Message, done: () => void): void {
    this.published.push({ clientId, message });
    if (message.retain) {
      if (message.payload.length === 0) this.retained.delete(message.topic);
      else this.retained.set(message.topic, message);
    }
    let left = 1;
    const taken = (): void => {
      left--;
      if (left === 0) done();
    };
    for (const session of this.sessions.values()) {
      const granted = highestMatch(session.subscriptions, message.topic);
      if (granted === undefined) continue;
      const delivery = { ...message, qos: lower(message.qos, granted), retain: false };
      if (session.link !== undefined) {
        left++;
        session.link.deliver(delivery, taken);
      } else if (delivery.qos > 0) {
        session.waiting.push(delivery);
      }
    }
    taken();
  }

  /** A link has ended: a clean session goes with it. */
  ended(session: Session, clean: boolean): void {
    session.link = undefined;
    if (clean && this.sessions.get(session.clientId) === session) this.sessions.delete(session.clientId);
  }
}

class FakeLink implements BrokerLink {
  readonly clientId: string;
  private readonly broker: FakeBroker;
  private readonly session: Session;
  private readonly options: LinkOptions;
  private open = true;
  private readonly untaken = new Set<() => void>();

  constructor(broker: FakeBroker, session: Session, options: LinkOptions) {
    this.clientId = options.clientId;
    this.broker = broker;
    this.session = session;
    this.options = options;
  }

  publish(message: Message, done: Done): void {
    const refusal = this.closedRefusal() ?? this.broker.refuseTopic(this.clientId, message.topic);
    if (refusal !== undefined) done(refusal);
    else if (!isTopicName(message.topic)) done(new BrokerRefusal('BAD_TOPIC', `not a topic name: ${message.topic}`));
    else if (message.qos > 0 && this.broker.isFull(message.topic)) {
      done(new BrokerRefusal('UNAVAILABLE', `a receiver of ${message.topic} can take no more`));
    } else this.broker.route(this.clientId, message, () => done());
  }

  setFull(full: boolean): void {
    this.session.full = full;
  }

  subscribe(filter: string, qos: QoS, done: (refusal?: BrokerRefusal, granted?: QoS) => void, resume = false): void {
    const refusal = this.closedRefusal() ?? this.broker.refuseTopic(this.clientId, filter);
    if (refusal !== undefined) return done(refusal);
    if (!isTopicFilter(filter)) return done(new BrokerRefusal('BAD_TOPIC', `not a topic filter: ${filter}`));
    this.session.subscriptions.set(filter, qos);
    done(undefined, qos);
    if (resume) return;
    for (const message of this.broker.retained.values()) {
      if (matches(filter, message.topic)) this.deliver({ ...message, qos: lower(message.qos, qos) }, () => {});
    }
  }

  unsubscribe(filter: string, done: Done): void {
    this.session.subscriptions.delete(filter);
    done(this.closedRefusal());
  }

  publishWill(will: Message): void {
    this.broker.route(this.clientId, will, () => {});
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    this.broker.ended(this.session, this.options.cleanSession);
    for (const taken of this.untaken) taken();
  }

  /** Ends the link from the broker's side. */
  end(reason: 'takeover' | 'kicked' | 'lost'): void {
    if (!this.open) return;
    this.close();
    this.options.onClose?.(reason, this);
  }

  deliver(message: Message, taken: () => void): void {
    const once = (): void => {
      if (this.untaken.delete(once)) taken();
    };
    this.untaken.add(once);
    if (this.open) this.options.onMessage(message, once);
    else once();
  }

  private closedRefusal(): BrokerRefusal | undefined {
    return this.open ? undefined : new BrokerRefusal('UNAVAILABLE', 'the link is closed');
  }
}

/** Whether an MQTT topic filter covers a topic name [MQTT-4.7]. */
export function matches(filter: string, topic: string): boolean {
  const filters = filter.split('/');
  const levels = topic.split('/');
  if (topic.startsWith('$') && !filter.startsWith('$')) return false;
  for (const [i, level] of filters.entries()) {
    if (level === '#') return true;
    if (i >= levels.length || (level !== '+' && level !== levels[i])) return false;
  }
  return filters.length === levels.length;
}

function isTopicName(topic: string): boolean {
  return topic !== '' && !/[+#\0]/.test(topic);
}

function isTopicFilter(filter: string): boolean {
  const levels = filter.split('/');
  return (
    filter !== '' &&
    levels.every(
      (level, i) => level === '+' || (level === '#' && i === levels.length - 1) || level === '' || isTopicName(level),
    )
  );
}

function highestMatch(subscriptions: ReadonlyMap<string, QoS>, topic: string): QoS | undefined {
  let highest: QoS | undefined;
  for (const [filter, qos] of subscriptions) {
    if (matches(filter, topic) && (highest === undefined || qos > highest)) highest = qos;
  }
  return highest;
}

function lower(a: QoS, b: QoS): QoS {
  return a < b ? a : b;
}
