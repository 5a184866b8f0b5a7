import type { CoapResponse, NotificationListener, OutgoingRequest } from '../coap/types.js';
import type { Clock } from '../core/clock.js';
import type { Peer } from '../core/datagram.js';
import type { Counter, Metrics } from '../core/metrics.js';
import type { Result } from './command.js';
import type { AddressedCommand, CancelCommand, Job } from './command-queue.js';
import type { Device, ObserveCommand, Observed, Observer } from './device.js';
import { autoObserveReplies, isAutoObserve } from './dialects/msgtype-replies.js';
import { InternCache } from './intern-cache.js';
import type { Journal } from './journal.js';
import { readResponse } from './operations.js';
import type { Lwm2mOptions } from './options.js';
import { lasting, type OutgoingCommand } from './outgoing-command.js';
import { parsePath } from './path.js';
import { isOwner } from './registrations.js';
import type { Topics, TopicTemplate } from './topics.js';

/** What observing needs around it. */
export interface ObservingContext {
  readonly options: Lwm2mOptions;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly journal: Journal;
  readonly publish: (device: Device, topic: TopicTemplate, payload: string) => void;
  /** A notification has come from there, and has been published. */
  readonly heard: (device: Device, from: Peer) => void;
}

/** A relation as a device knows it: its token, and the request that made it. */
export interface Relation {
  readonly token: Buffer;
  readonly request: OutgoingRequest;
}

type Desired = Omit<Observed, 'observation'>;

/**
 * The observations of devices. What has been observed stays desired until it is cancelled or the device refuses it: it
 * is asked for again after a new registration.
 */
export class Observing {
  private readonly context: ObservingContext;
  private readonly notifications: Counter;
  /** What is observed of every device, by its path: one for all. */
  private readonly always = new InternCache<Desired | undefined>(1000);

  constructor(context: ObservingContext) {
    this.context = context;
    this.notifications = context.metrics.counter('lwm2m.notifications');
  }

  /** Sends the request of a command that observes; resolves with the first response when the observation is kept. */
  async observe(device: Device, job: Job, command: ObserveCommand, request: OutgoingCommand): Promise<CoapResponse> {
    const observed: Observed = { command, observation: undefined, observers: [] };
    const listener = new Listener(this, device, observed);
    const { response, observation } = await device.coap.observe(device.peer, request, listener);
    if (observation === undefined) return response;
    observation.request = lasting(request);
    const previous = device.observedBy(command);
    if (job.answered || device.commands.inFlight !== job || (job.again && previous === undefined)) {
      // Nobody waits for it any more, or the registration it belongs to has ended.
      observation.forget();
      return response;
    }
    const { replies, topics } = job;
    const before = previous?.observers ?? [];
    const known = job.again || before.some((observer) => observer.replies === replies && observer.topics === topics);
    observed.observers = known ? before : others(before, replies.dialect).concat({ replies, topics });
    observed.observation = observation;
    device.observe(observed);
    this.context.journal.saveObservation(device, observed);
    await new Promise<void>((resolve) => this.context.journal.stored(resolve));
    return response;
  }

  /** A path is desired of a device because it is of every device; the relation itself is still to be made. */
  desireAlways(device: Device, text: string, topics: Topics): void {
    const always = this.always.get(text) ?? this.always.add(text, autoObserve(text, topics));
    if (always === undefined) return;
    const { command, observers } = always;
    const before = device.observedBy(command)?.observers ?? [];
    if (before.some(({ replies }) => replies.dialect === 'msgtype')) return;
    const all = before.length === 0 ? observers : before.concat(observers);
    this.keep(device, { command, observation: undefined, observers: all });
  }

  /** The endpoint has registered anew, and knows of no relation: what was observed of the old one is desired of it. */
  inherit(old: Device, device: Device): void {
    const { autoObserve } = this.context.options;
    for (const observed of old.observations) {
      const observers = observed.observers.filter(({ replies }) => autoObserve === 'off' || !isAutoObserve(replies));
      if (observers.length === 0) this.context.journal.deleteObservation(old, observed);
      else this.keep(device, { command: observed.command, observation: undefined, observers });
    }
    old.forgetObservations();
  }

  /** The commands that make what is desired of a device and is not there. */
  missing(device: Device): (AddressedCommand & { readonly again: boolean })[] {
    return device.observations.flatMap(({ command, observation, observers: [first] }) =>
      observation === undefined && first !== undefined
        ? [{ command, ...first, again: !isAutoObserve(first.replies) }]
        : [],
    );
  }

  /** The device has answered a command that observes, and no relation has come of it: it is desired no longer. */
  refused(device: Device, command: ObserveCommand): void {
    const observed = device.observedBy(command);
    if (observed !== undefined && observed.observation === undefined) this.drop(device, observed);
  }

  /** Takes an observer out. The relation ends with its last one. */
  leave(device: Device, command: CancelCommand, dialect: string): void {
    const observed = device.observedBy(command);
    if (observed === undefined) return;
    observed.observers = others(observed.observers, dialect);
    if (observed.observers.length > 0) {
      this.context.journal.saveObservation(device, observed);
    } else {
      observed.observation?.forget();
      this.drop(device, observed);
    }
  }

  /** A relation that was to be cancelled goes on, unless it has ended otherwise. */
  goOn(device: Device, observed: Observed, cancelled: Relation): void {
    if (observed.observation === cancelled && device.isObserved(observed)) this.resume(device, observed, cancelled);
  }

  /** The device is at another peer now, perhaps of another endpoint. */
  moved(device: Device): void {
    for (const observed of device.observations) {
      const { observation } = observed;
      if (observation === undefined) continue;
      this.resume(device, observed, observation);
      observation.forget();
    }
  }

  /** Takes up a relation that the device has kept. */
  resume(device: Device, observed: Observed, { token, request }: Relation): void {
    observed.observation = device.coap.resume(device.peer, token, request, new Listener(this, device, observed));
  }

  /** The registration has ended. */
  end(device: Device): void {
    for (const observed of device.observations) this.context.journal.deleteObservation(device, observed);
    device.forgetObservations();
  }

  /** Publishes a notification to every observer. */
  tell(device: Device, observers: readonly Observer[], result: Result, sequence: number): void {
    this.notifications.value++;
    for (const { replies, topics } of observers) {
      const text = replies.notification(result, sequence);
      this.context.publish(device, replies.notifyTopic === 'notify' ? topics.notify : topics.response, text);
    }
  }

  /** Whether a notification of a device may come from this peer. */
  owns(device: Device, peer: Peer): boolean {
    return isOwner(device.peer, peer, this.context.options.rebindOnUdp);
  }

  /** A notification has come. */
  notified(device: Device, observed: Observed, notification: CoapResponse): void {
    const { command, observation, observers } = observed;
    if (observation === undefined || !device.isObserved(observed)) return;
    const nowSeconds = this.context.clock.now() / 1000;
    const reading = readResponse(command, observation.request, notification, device, nowSeconds);
    const result: Result = reading.kind === 'refused-format' ? { kind: 'done', code: notification.code } : reading;
    if (!notification.code.startsWith('2')) {
      // The device has ended the relation [RFC 7641 4.2].
      observation.forget();
      this.drop(device, observed);
    }
    this.tell(device, observers, result, notification.observe ?? 0);
    this.context.heard(device, observation.peer);
  }

  private keep(device: Device, observed: Observed): void {
    device.observe(observed);
    this.context.journal.saveObservation(device, observed);
  }

  private drop(device: Device, observed: Observed): void {
    device.dropObserved(observed);
    this.context.journal.deleteObservation(device, observed);
  }
}

/** Takes the notifications of one observation. */
class Listener implements NotificationListener {
  private readonly observing: Observing;
  private readonly device: Device;
  private readonly observed: Observed;

  constructor(observing: Observing, device: Device, observed: Observed) {
    this.observing = observing;
    this.device = device;
    this.observed = observed;
  }

  notified(notification: CoapResponse): void {
    this.observing.notified(this.device, this.observed, notification);
  }

  owns(peer: Peer): boolean {
    return this.observing.owns(this.device, peer);
  }
}

function autoObserve(text: string, topics: Topics): Desired | undefined {
  const path = parsePath(text);
  if (path === undefined) return undefined;
  return { command: { kind: 'observe', path }, observers: [{ replies: autoObserveReplies(path), topics }] };
}

/** The observers of other dialects. */
function others(observers: readonly Observer[], dialect: string): Observer[] {
  return observers.filter(({ replies }) => replies.dialect !== dialect);
}
