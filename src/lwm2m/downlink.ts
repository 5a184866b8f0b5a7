import { type CoapEndpoint, type CoapResponse, ExchangeError, type OutgoingRequest } from '../coap/types.js';
import type { Clock } from '../core/clock.js';
import type { Peer } from '../core/datagram.js';
import { Deadlines } from '../core/deadlines.js';
import type { Log } from '../core/log.js';
import type { Counter, Metrics } from '../core/metrics.js';
import type { Command, Failure, Result } from './command.js';
import { type AddressedCommand, Job } from './command-queue.js';
import type { Device, ObserveCommand, Observed, Observer } from './device.js';
import { planRequest, type Reading, readResponse } from './operations.js';
import type { Lwm2mOptions } from './options.js';
import { OutgoingCommand } from './outgoing-command.js';
import type { Presence } from './presence.js';
import { isOwner } from './registrations.js';
import type { TopicTemplate } from './topics.js';

/** What the downlink needs around it. */
export interface DownlinkContext {
  readonly options: Lwm2mOptions;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly presence: Presence;
  /** Publishes for a device. */
  readonly publish: (device: Device, topic: TopicTemplate, payload: string) => void;
}

/** Content formats are tried in turn; there are not more than these. */
const mostAttempts = 8;

/** Takes commands to devices, one at a time for each, and their results back to the applications. */
export class Downlink {
  private readonly context: DownlinkContext;
  private readonly deadlines: Deadlines<Device>;
  private readonly notifications: Counter;

  constructor(context: DownlinkContext) {
    this.context = context;
    this.deadlines = new Deadlines(context.clock, 'lwm2m command', (device) => this.due(device));
    this.notifications = context.metrics.counter('lwm2m.notifications');
  }

  /** Takes charge of a command; it is answered in any case. */
  accept(device: Device, command: AddressedCommand): void {
    const { options, clock } = this.context;
    const expiresAt = clock.now() + options.queueTtlMs;
    const job = new Job(command, expiresAt);
    if (!device.commands.push(job, options.queueLimit)) {
      this.answer(device, job, failed('queue_full'));
      return;
    }
    if (device.asleep) this.tell(device, job, job.replies.queued());
    this.pump(device);
    this.arm(device);
  }

  /** The device has its answer, or was heard of otherwise: what waits may go. */
  wake(device: Device): void {
    this.context.presence.heard(device);
    this.pump(device);
    this.arm(device);
  }

  /** The registration has ended: its commands are answered, its observations forgotten. */
  end(device: Device): void {
    this.deadlines.delete(device);
    device.forgetObservations();
    for (const job of device.commands.drain()) this.answer(device, job, failed('not_registered'));
  }

  /** The endpoint has a new registration: what is not done yet is the new one's to do. */
  succeed(old: Device, device: Device): void {
    this.deadlines.delete(old);
    old.forgetObservations();
    const { inFlight } = old.commands;
    for (const job of old.commands.drain()) {
      if (job === inFlight && !isRepeatable(job.command)) {
        this.answer(old, job, failed('timeout'));
      } else {
        // A copy: the exchange with the old registration may still end, and must not answer for this one.
        device.commands.push(new Job(job, job.expiresAt), Number.POSITIVE_INFINITY);
        job.answered = true;
      }
    }
    this.arm(device);
  }

  /** The device is at another peer now, perhaps of another endpoint: what is under way to the old one is lost. */
  moved(device: Device, from: CoapEndpoint, oldPeer: Peer): void {
    for (const observed of device.observations) {
      const old = observed.observation;
      observed.observation = device.coap.resume(
        device.peer,
        old.token,
        old.request,
        (notification) => this.notified(device, observed, notification),
        (peer) => this.owns(device, peer),
      );
      old.forget();
    }
    if (device.commands.inFlight !== undefined) from.forget(oldPeer);
  }

  /** Stops every timer. */
  stop(): void {
    this.deadlines.clear();
  }

  private pump(device: Device): void {
    while (!device.held && !device.asleep) {
      const job = device.commands.next();
      if (job === undefined) return;
      const { clock, options } = this.context;
      // What a sleeper does not answer is not given up but sent again when it wakes.
      const patient = device.registration.queueMode && isRepeatable(job.command);
      job.timeoutAt = patient ? Number.POSITIVE_INFINITY : clock.now() + options.commandTimeoutMs;
      this.run(device, job, 1);
    }
  }

  private run(device: Device, job: Job, attempt: number): void {
    let { command } = job;
    if (command.kind === 'cancel-observe' || command.kind === 'cancel-observe-composite') {
      const observed = device.observedBy(command);
      if (observed === undefined) return this.finish(device, job, failed('not_observed'));
      observed.observers = others(observed, job.replies.dialect);
      if (observed.observers.length === 0) return this.cancel(device, job, observed);
      // The device goes on for the other dialect's observer; this one still gets the value it is answered with.
      command = 'paths' in command ? { ...command, kind: 'read-composite' } : { ...command, kind: 'read' };
    }
    const plan = planRequest(command, device);
    if (plan.kind === 'failed') return this.finish(device, job, plan);
    const { commandTimeoutMs } = this.context.options;
    const request = new OutgoingCommand(plan.request, commandTimeoutMs, () => this.acknowledged(device, job));
    const { peer } = device;
    const response =
      command.kind === 'observe' || command.kind === 'observe-composite'
        ? this.observe(device, job, command, request)
        : device.coap.request(peer, request);
    response
      .then((response) => this.responded(device, job, request, response, attempt))
      .catch((error: unknown) => this.lost(device, job, peer, error, attempt));
  }

  private async observe(
    device: Device,
    job: Job,
    command: ObserveCommand,
    request: OutgoingCommand,
  ): Promise<CoapResponse> {
    let observed: Observed | undefined;
    const { response, observation } = await device.coap.observe(
      device.peer,
      request,
      (notification) => observed && this.notified(device, observed, notification),
      (peer) => this.owns(device, peer),
    );
    request.release();
    if (observation === undefined) return response;
    if (job.answered || device.commands.inFlight !== job) {
      // Nobody waits for it any more, or the registration it belongs to has ended.
      observation.forget();
      return response;
    }
    const previous = device.observedBy(command);
    const { replies, topics } = job;
    const staying = previous === undefined ? [] : others(previous, replies.dialect);
    observed = { command, observation, observers: staying.concat({ replies, topics }) };
    device.observe(observed);
    return response;
  }

  private owns(device: Device, peer: Peer): boolean {
    return isOwner(device.peer, peer, this.context.options.rebindOnUdp);
  }

  private cancel(device: Device, job: Job, observed: Observed): void {
    const { peer } = device;
    const { observation } = observed;
    device.dropObserved(observed);
    observation
      .cancel()
      .then((response) => this.responded(device, job, observation.request, response, mostAttempts))
      .catch((error: unknown) => this.lost(device, job, peer, error, mostAttempts));
  }

  private notified(device: Device, observed: Observed, notification: CoapResponse): void {
    const { command, observation } = observed;
    if (!device.isObserved(observed)) return;
    const reading = this.read(device, command, observation.request, notification);
    const result: Result = reading.kind === 'refused-format' ? { kind: 'done', code: notification.code } : reading;
    if (!notification.code.startsWith('2')) {
      // The device has ended the relation [RFC 7641 4.2].
      observation.forget();
      device.dropObserved(observed);
    }
    this.notifications.value++;
    for (const { replies, topics } of observed.observers) {
      const text = replies.notification(result, notification.observe ?? 0);
      this.context.publish(device, replies.notifyTopic === 'notify' ? topics.notify : topics.response, text);
    }
    this.wake(device);
  }

  private responded(device: Device, job: Job, request: OutgoingRequest, response: CoapResponse, attempt: number): void {
    this.context.presence.heard(device);
    const reading = this.read(device, job.command, request, response);
    if (reading.kind !== 'refused-format') return this.finish(device, job, reading);
    device.refuse(reading.direction, reading.format);
    if (attempt >= mostAttempts) this.finish(device, job, { kind: 'done', code: response.code });
    else this.run(device, job, attempt + 1);
  }

  private read(device: Device, command: Command, request: OutgoingRequest, response: CoapResponse): Reading {
    return readResponse(command, request, response, device, this.context.clock.now() / 1000);
  }

  private lost(device: Device, job: Job, peer: Peer, error: unknown, attempt: number): void {
    if (!(error instanceof ExchangeError)) {
      this.context.log.error({ err: error, endpoint: device.registration.endpoint }, 'a command failed');
      return this.finish(device, job, failed('internal'));
    }
    const current = device.commands.inFlight === job && !job.answered;
    const moved = device.peer.key !== peer.key;
    if (error.code === 'CANCELLED' && current && moved && isRepeatable(job.command) && attempt < mostAttempts) {
      return this.run(device, job, attempt + 1);
    }
    if (error.code === 'TIMEOUT' && current && device.registration.queueMode && isRepeatable(job.command)) {
      // Fell asleep before it had the command: it gets it when it wakes.
      device.commands.putBack();
      this.context.presence.missed(device);
      this.tell(device, job, job.replies.queued());
      return this.arm(device);
    }
    this.finish(device, job, failed(failures[error.code]));
  }

  private acknowledged(device: Device, job: Job): void {
    if (!job.answered) this.tell(device, job, job.replies.acknowledged());
  }

  /** The exchange of a command has ended. */
  private finish(device: Device, job: Job, result: Result): void {
    this.answer(device, job, result);
    if (device.commands.inFlight !== job) return;
    device.commands.settle();
    this.pump(device);
    this.arm(device);
  }

  private due(device: Device): void {
    const now = this.context.clock.now();
    const { inFlight } = device.commands;
    // Only the answer is due: the exchange goes on until CoAP gives it up, and the next command waits for that.
    if (inFlight !== undefined && inFlight.timeoutAt <= now) this.answer(device, inFlight, failed('timeout'));
    for (const job of device.commands.expire(now)) this.answer(device, job, failed('expired'));
    this.arm(device);
  }

  private arm(device: Device): void {
    const at = device.commands.deadline();
    if (at === Number.POSITIVE_INFINITY) this.deadlines.delete(device);
    else this.deadlines.set(device, at);
  }

  private answer(device: Device, job: Job, result: Result): void {
    if (job.answered) return;
    job.answered = true;
    this.tell(device, job, job.replies.answer(result));
  }

  private tell(device: Device, job: Job, text: string | undefined): void {
    if (text !== undefined) this.context.publish(device, job.topics.response, text);
  }
}

const failures: Readonly<Record<ExchangeError['code'], Failure>> = {
  TIMEOUT: 'timeout',
  RESET: 'reset',
  // Given up because the device has moved, after it may have had the command.
  CANCELLED: 'timeout',
  TOO_LARGE: 'too_large',
  PROTOCOL: 'bad_answer',
};

function failed(failure: Failure): Result {
  return { kind: 'failed', failure };
}

/** The observers of other dialects. */
function others(observed: Observed, dialect: string): Observer[] {
  return observed.observers.filter(({ replies }) => replies.dialect !== dialect);
}

/** Whether a command may reach its device twice without doing more than once. */
function isRepeatable(command: Command): boolean {
  return command.kind !== 'execute' && command.kind !== 'create';
}
