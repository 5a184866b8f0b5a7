import { type BrokerLink, type BrokerPort, BrokerRefusal, type Message } from '../broker/port.js';
import type { Clock } from '../core/clock.js';
import { Deadlines } from '../core/deadlines.js';
import { assertNever } from '../core/errors.js';
import type { Log } from '../core/log.js';
import type { Counter, Metrics } from '../core/metrics.js';
import type { Client, Clients } from './client.js';
import type { Count, Effect, Input } from './effects.js';
import type { Journal } from './journal.js';
import { credentialsOf, type SnOptions } from './options.js';
import { Outbox } from './outbox.js';
import type { Packet } from './packets.js';
import { isFull } from './sending.js';
import { dueAt, type Outgoing } from './session.js';
import { step } from './step.js';

/** Feeds inputs to sessions and runs the effects that come of them: the only place where sessions touch the world. */
export class Runner {
  private readonly clients: Clients;
  private readonly broker: BrokerPort;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly metrics: Metrics;
  private readonly options: SnOptions;
  private readonly deadlines: Deadlines<Client>;
  private readonly journal: Journal | undefined;
  private readonly outbox: Outbox;

  constructor(
    clients: Clients,
    broker: BrokerPort,
    options: SnOptions,
    around: { readonly clock: Clock; readonly log: Log; readonly metrics: Metrics },
    journal?: Journal,
  ) {
    this.journal = journal;
    this.clients = clients;
    this.broker = broker;
    this.options = options;
    this.clock = around.clock;
    this.log = around.log;
    this.metrics = around.metrics;
    this.outbox = new Outbox(journal, around);
    this.deadlines = new Deadlines(this.clock, 'mqttsn sessions', (client) => {
      client.armedAt = Number.POSITIVE_INFINITY;
      if (dueAt(client.session) <= this.clock.now()) this.input(client, { type: 'time' });
      else this.arm(client);
    });
  }

  /** Something happened to a client. */
  input(client: Client, input: Input): void {
    const effects = step(client.session, input, this.clock.now());
    for (const effect of effects) this.run(client, effect);
    this.tellFull(client);
    this.arm(client);
  }

  /** Takes up a client from before a restart: its link with its subscriptions, and its deadline. */
  resume(client: Client): void {
    this.tellFull(client);
    if (client.session.state !== 'disconnected' || !this.broker.keepsSessions) this.link(client, false, true);
    this.arm(client);
  }

  /** Ends every link without a word to the clients. */
  stop(): void {
    this.deadlines.clear();
    for (const client of this.clients) this.unlink(client);
  }

  private run(client: Client, effect: Effect): void {
    switch (effect.type) {
      case 'send':
        this.outbox.send(client, effect.packet);
        return;
      case 'publish':
        this.publish(client, effect);
        return;
      case 'will':
        client.link?.publishWill(mount(client, effect.will));
        return;
      case 'taken':
        effect.taken();
        return;
      case 'subscribe':
        this.subscribe(client, effect);
        return;
      case 'unsubscribe':
        this.unsubscribe(client, effect);
        return;
      case 'link':
        this.link(client, effect.cleanSession);
        return;
      case 'store':
        this.store(client, effect.outgoing);
        return;
      case 'discard':
        this.journal?.deleteMessage(client.session.clientId, effect.outgoing);
        return;
      case 'received':
        this.journal?.saveReceived(client.session.clientId, effect.msgId);
        return;
      case 'released':
        this.journal?.deleteReceived(client.session.clientId, effect.msgId);
        this.outbox.hold(client);
        return;
      case 'save':
        this.save(client);
        return;
      case 'unbind':
        this.clients.unbind(client);
        if (this.broker.keepsSessions) this.unlink(client);
        return;
      case 'end':
        this.end(client, effect.answer);
        return;
      case 'count':
        this.counter(effect.name).value++;
        return;
      case 'lost':
        this.log.info({ client: client.session.clientId, reason: effect.reason }, 'MQTT-SN client lost');
        return;
      default:
        assertNever(effect);
    }
  }

  /** So that a message for a full queue is refused before its publisher takes it for delivered. */
  private tellFull(client: Client): void {
    const full = isFull(client.session);
    if (full === client.full) return;
    client.full = full;
    client.link?.setFull(full);
  }

  private save(client: Client): void {
    if (this.clients.withId(client.session.clientId) !== client) return;
    this.journal?.saveSession(client);
    this.outbox.hold(client);
  }

  private store(client: Client, outgoing: Outgoing): void {
    const { journal } = this;
    if (journal === undefined) {
      this.input(client, { type: 'stored', outgoing });
      return;
    }
    journal.saveMessage(client.session.clientId, outgoing);
    journal.stored(() => this.input(client, { type: 'stored', outgoing }));
  }

  private publish(client: Client, { message, packet }: Extract<Effect, { type: 'publish' }>): void {
    const { link } = client;
    if (link === undefined) {
      if (packet !== undefined) this.input(client, { type: 'published', packet, refusal: noLink() });
      return;
    }
    link.publish(mount(client, message), (refusal) => {
      // QoS 0 has no answer unless it was refused.
      if (packet !== undefined && (packet.qos > 0 || refusal !== undefined)) {
        this.input(
          client,
          refusal === undefined ? { type: 'published', packet } : { type: 'published', packet, refusal },
        );
      }
    });
  }

  private subscribe(client: Client, effect: Extract<Effect, { type: 'subscribe' }>): void {
    const { filter, qos, topicId, packet } = effect;
    const answer = { type: 'subscribed', packet, filter, topicId } as const;
    if (client.link === undefined) {
      this.input(client, { ...answer, granted: 0, refusal: noLink() });
      return;
    }
    client.link.subscribe(mountFilter(client, filter), qos, (refusal, granted = qos) => {
      this.input(client, refusal === undefined ? { ...answer, granted } : { ...answer, granted, refusal });
    });
  }

  private unsubscribe(client: Client, { filter, packet }: Extract<Effect, { type: 'unsubscribe' }>): void {
    const done = (refusal?: BrokerRefusal): void => {
      // UNSUBACK cannot say no: a client that hears nothing asks again.
      if (refusal?.code !== 'UNAVAILABLE') this.input(client, { type: 'unsubscribed', packet });
    };
    if (client.link === undefined) done(noLink());
    else client.link.unsubscribe(mountFilter(client, filter), done);
  }

  private link(client: Client, cleanSession: boolean, patient = false): void {
    this.unlink(client);
    const generation = ++client.links;
    const { clientId, subscriptions } = client.session;
    const { username, password } = credentialsOf(this.options, clientId);
    const stale = (): boolean => client.links !== generation;
    const opening = this.broker.open({
      clientId,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password: Buffer.from(password) }),
      cleanSession,
      patient,
      protocol: 'mqttsn',
      address: client.peer?.address ?? '',
      will: () => willOf(client),
      onMessage: (message, taken) => {
        if (stale()) taken();
        else this.input(client, { type: 'deliver', message: unmount(client, message), taken });
      },
      onClose: (reason) => {
        if (stale()) return;
        client.session.linked = false;
        // A link that was ended still publishes the will.
        this.input(client, { type: 'lose', reason: reason === 'lost' ? 'broker link lost' : 'kicked' });
        client.link = undefined;
      },
    });
    opening.then(
      (link) => {
        if (stale()) {
          link.close();
          return;
        }
        client.link = link;
        if (client.full) link.setFull(true);
        this.resubscribe(client, link, [...subscriptions]);
        this.input(client, { type: 'linked' });
      },
      (error: unknown) => {
        if (stale()) return;
        const refusal = error instanceof BrokerRefusal ? error : new BrokerRefusal('UNAVAILABLE', String(error));
        this.log.warn({ client: clientId, code: refusal.code }, `MQTT-SN client refused: ${refusal.message}`);
        this.input(client, { type: 'linked', refusal });
      },
    );
  }

  /** A session that comes back with its subscriptions, on a link that knows nothing of them. */
  private resubscribe(client: Client, link: BrokerLink, subscriptions: [string, { readonly qos: 0 | 1 | 2 }][]): void {
    for (const [filter, { qos }] of subscriptions) {
      const done = (refusal?: BrokerRefusal): void => {
        if (refusal !== undefined) client.session.subscriptions.delete(filter);
      };
      link.subscribe(mountFilter(client, filter), qos, done, true);
    }
  }

  private end(client: Client, answer: Packet | undefined): void {
    this.journal?.deleteSession(client.session);
    if (answer !== undefined) {
      this.outbox.hold(client);
      this.outbox.send(client, answer);
    }
    this.unlink(client);
    this.deadlines.delete(client);
    this.clients.delete(client);
  }

  private unlink(client: Client): void {
    client.links++;
    client.link?.close();
    client.link = undefined;
    client.session.linked = false;
  }

  /** A deadline that is set too early costs one look at the session, so it is only moved when it is too late. */
  private arm(client: Client): void {
    const due = dueAt(client.session);
    if (due >= client.armedAt || this.clients.withId(client.session.clientId) !== client) return;
    client.armedAt = due;
    this.deadlines.set(client, due);
  }

  private counter(name: Count): Counter {
    return this.metrics.counter(`mqttsn.${name}`);
  }
}

function noLink(): BrokerRefusal {
  return new BrokerRefusal('UNAVAILABLE', 'no link to the broker');
}

/** The will that is in force. */
function willOf(client: Client): Message | undefined {
  const { will, state } = client.session;
  return will === undefined || state === 'disconnected' ? undefined : mount(client, will);
}

function mount(client: Client, message: Message): Message {
  return client.mountpoint === '' ? message : { ...message, topic: client.mountpoint + message.topic };
}

/** A shared subscription is mounted behind its group: `$share/group/` is no part of the topic. */
function mountFilter({ mountpoint }: Client, filter: string): string {
  if (mountpoint === '') return filter;
  const share = /^\$share\/[^/]*\//.exec(filter)?.[0] ?? '';
  return share + mountpoint + filter.slice(share.length);
}

function unmount({ mountpoint }: Client, message: Message): Message {
  if (mountpoint === '' || !message.topic.startsWith(mountpoint)) return message;
  return { ...message, topic: message.topic.slice(mountpoint.length) };
}
