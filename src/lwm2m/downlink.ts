import {
  type CoapEndpoint,
  type CoapResponse,
  ExchangeError,
  type Observation,
  type OutgoingRequest,
} from '../coap/types.js';
import type { Clock } from '../core/clock.js';
import type { Peer } from '../core/datagram.js';
import { Deadlines } from '../core/deadlines.js';
import type { Log } from '../core/log.js';
import type { Failure, Result } from './command.js';
import { type AddressedCommand, isCancel, isRepeatable, Job, type ReplyTo } from './command-queue.js';
import type { Device, Observed } from './device.js';
import type { Journal } from './journal.js';
import type { Observing } from './observing.js';
import { planRequest, readResponse } from './operations.js';
import type { Lwm2mOptions } from './options.js';
import { OutgoingCommand } from './outgoing-command.js';
import type { Presence } from './presence.js';
import type { TopicTemplate } from './topics.js';
import { Unkept } from './unkept.js';

/** What the downlink needs around it. */
export interface DownlinkContext {
  readonly options: Lwm2mOptions;
  readonly clock: Clock;
  readonly log: Log;
  readonly journal: Journal;
  readonly presence: Presence;
  readonly observing: Observing;
  /** Publishes for a device; `done` comes when the broker has it, or has refused it. */
  readonly publish: (device: Device, topic: TopicTemplate, payload: string, done?: () => void) => void;
  /** Publishes for a device where an application asked for its answer. */
  readonly reply: (device: Device, to: ReplyTo, payload: string, done?: () => void) => void;
  /** A device has been found not to take a content format. */
  readonly learned: (device: Device) => void;
}

/** Content formats are tried in turn; there are not more than these. */
const mostAttempts = 8;

/** Takes commands to devices, one at a time for each, and their results back to the applications. */
export class Downlink {
  private readonly context: DownlinkContext;
  private readonly deadlines: Deadlines<Device>;
  private readonly unkept: Unkept;
  private stopped = false;

  constructor(context: DownlinkContext) {
    this.context = context;
    const { clock, options, journal } = context;
    this.deadlines = new Deadlines(clock, 'lwm2m command', (device) => this.due(device));
    this.unkept = new Unkept(clock, options.keepAfterMs, (device, job, taken) => {
      journal.saveCommand(device, job);
      journal.stored(taken);
    });
  }

  /**
   * Takes charge of a command; it is answered in any case. `taken` is called when it is safe: answered, or in the store.
   * Only what must not be done twice waits for the store before it is sent.
   */
  accept(device: Device, command: AddressedCommand, taken: () => void): void {
    const { options, journal } = this.context;
    const job = this.job(command);
    if (!device.commands.push(job, options.queueLimit)) {
      this.answer(device, job, failed('queue_full'));
      taken();
      return;
    }
    if (device.asleep) this.tell(device, job, job.replies.queued());
    this.pump(device);
    this.arm(device);
    if (job.answered) {
      taken();
    } else if (options.keepAfterMs > 0 && device.commands.inFlight === job && !job.stored) {
      this.unkept.add(device, job, taken);
    } else {
      if (!job.stored) journal.saveCommand(device, job);
      journal.stored(taken);
    }
  }

  /** The device has its answer, or was heard of otherwise: what waits may go. */
  wake(device: Device): void {
    this.context.presence.heard(device);
    this.pump(device);
    this.arm(device);
  }

  /** Asks for the observations that are desired of a device and that it does not know of. */
  pursue(device: Device): void {
    const waiting = device.commands.all();
    for (const { again, ...command } of this.context.observing.missing(device)) {
      if (waiting.some((job) => job.command === command.command)) continue;
      device.commands.push(this.job(command, again), Number.POSITIVE_INFINITY);
    }
    this.pump(device);
    this.arm(device);
  }

  /** After a restart: goes on with what was in the store. */
  takeUp(device: Device): void {
    for (const job of device.commands.drain()) {
      // What the device may have had, and must not have twice, has ended.
      if (job.sent && !isRepeatable(job.command)) this.answer(device, job, failed('outcome_unknown'));
      else device.commands.push(job, Number.POSITIVE_INFINITY);
    }
    this.pursue(device);
  }

  /** The registration has ended: its commands are answered, its observations forgotten. */
  end(device: Device): void {
    this.deadlines.delete(device);
    this.context.observing.end(device);
    for (const job of device.commands.drain()) this.answer(device, job, failed('not_registered'));
  }

  /** The endpoint has a new registration: what is not done yet is the new one's to do. */
  succeed(old: Device, device: Device): void {
    this.deadlines.delete(old);
    this.unkept.flush();
    const { inFlight } = old.commands;
    const jobs = old.commands.drain().filter((job) => !isWish(old, job));
    this.context.observing.inherit(old, device);
    for (const job of jobs) {
      if (job === inFlight && !isRepeatable(job.command)) {
        this.answer(old, job, failed('outcome_unknown'));
      } else {
        // A copy: the exchange with the old registration may still end, and must not answer for this one.
        const copy = new Job(job, job);
        copy.stored = job.stored;
        job.answered = true;
        device.commands.push(copy, Number.POSITIVE_INFINITY);
      }
    }
    this.arm(device);
  }

  /** The device is at another peer now, perhaps of another endpoint: what is under way to the old one is lost. */
  moved(device: Device, from: CoapEndpoint, oldPeer: Peer): void {
    this.context.observing.moved(device);
    if (device.commands.inFlight !== undefined) from.forget(oldPeer);
  }

  /** Stops every timer. What the endpoints give up from now on is not answered but kept, for the next start. */
  stop(devices: Iterable<Device>): void {
    this.stopped = true;
    this.deadlines.clear();
    this.unkept.flush();
    for (const device of devices) {
      for (const job of device.commands.all()) {
        if (!job.stored && !job.answered && !isWish(device, job)) this.context.journal.saveCommand(device, job);
      }
    }
  }

  private job(command: AddressedCommand, again = false): Job {
    const { options, clock, journal } = this.context;
    const expiresAt = Math.min(clock.now() + options.queueTtlMs, command.mustEndBy ?? Number.POSITIVE_INFINITY);
    return new Job(command, { expiresAt, seq: journal.nextSeq(), again });
  }

  private pump(device: Device): void {
    while (!device.held && !device.asleep) {
      const job = device.commands.next();
      if (job === undefined) return;
      job.sent = true;
      if (!isRepeatable(job.command)) {
        this.runOnce(device, job);
        continue;
      }
      // So that after a crash its repetition is known from a cancellation of what nobody observes.
      if (job.stored && isCancel(job.command)) this.context.journal.saveCommand(device, job);
      this.run(device, job, 1);
    }
  }

  /** Sends what must not be done twice, when the store knows that the device may have had it. */
  private runOnce(device: Device, job: Job): void {
    const { journal } = this.context;
    journal.saveCommand(device, job);
    journal.stored(() => {
      if (!job.answered && device.commands.inFlight === job) this.run(device, job, 1);
    });
  }

  private run(device: Device, job: Job, attempt: number): void {
    let { command } = job;
    // Cancelled before it could be made anew.
    if (job.again && device.observedBy(command) === undefined) return this.finish(device, job, failed('not_observed'));
    if (isCancel(command)) {
      const observed = device.observedBy(command);
      if (observed === undefined && !job.repeated) return this.finish(device, job, failed('not_observed'));
      const { observation, observers = [] } = observed ?? {};
      const isLast = observers.every(({ replies }) => replies.dialect === job.replies.dialect);
      if (observed !== undefined && observation !== undefined && isLast) {
        return this.cancel(device, job, observed, observation, attempt);
      }
      // The device goes on for the other dialect's observer, or has ended it already: what is left to tell is the value.
      command = 'paths' in command ? { ...command, kind: 'read-composite' } : { ...command, kind: 'read' };
    }
    const plan = planRequest(command, device);
    if (plan.kind === 'failed') return this.finish(device, job, plan);
    const { commandTimeoutMs } = this.context.options;
    // What a sleeper does not answer is not given up but sent again when it wakes.
    const withinMs = isPatient(device, job) ? undefined : commandTimeoutMs;
    const acknowledged = (): void => this.acknowledged(device, job);
    const request = new OutgoingCommand(plan.request, commandTimeoutMs, withinMs, acknowledged);
    const { peer } = device;
    const lost = (error: unknown): void => this.lost(device, job, peer, error, attempt);
    const responded = (response: CoapResponse): void => {
      try {
        this.responded(device, job, request, response, attempt);
      } catch (error) {
        lost(error);
      }
    };
    if (command.kind === 'observe' || command.kind === 'observe-composite') {
      this.context.observing.observe(device, job, command, request).then(responded, lost);
    } else {
      device.coap.ask(peer, request, responded, lost);
    }
  }

  private cancel(device: Device, job: Job, observed: Observed, observation: Observation, attempt: number): void {
    const { peer } = device;
    observation
      .cancel()
      .then((response) => this.responded(device, job, observation.request, response, mostAttempts))
      .catch((error: unknown) => {
        // Until the cancellation has come to its end, the device may know of the relation.
        if (!this.stopped) this.context.observing.goOn(device, observed, observation);
        this.lost(device, job, peer, error, attempt);
      });
  }

  private responded(device: Device, job: Job, request: OutgoingRequest, response: CoapResponse, attempt: number): void {
    const { clock, observing, presence } = this.context;
    presence.heard(device);
    const { command } = job;
    const reading = readResponse(command, request, response, device, clock.now() / 1000);
    if (reading.kind === 'refused-format') {
      device.refuse(reading.direction, reading.format);
      this.context.learned(device);
      if (attempt < mostAttempts) return this.run(device, job, attempt + 1);
    }
    const result: Result = reading.kind === 'refused-format' ? { kind: 'done', code: response.code } : reading;
    if (job.again && !job.answered) {
      observing.tell(device, device.observedBy(command)?.observers ?? [], result, response.observe ?? 0);
    }
    if (command.kind === 'observe' || command.kind === 'observe-composite') observing.refused(device, command);
    this.finish(device, job, result);
  }

  private lost(device: Device, job: Job, peer: Peer, error: unknown, attempt: number): void {
    if (this.stopped) return;
    if (!(error instanceof ExchangeError)) {
      this.context.log.error({ err: error, endpoint: device.registration.endpoint }, 'a command failed');
      return this.finish(device, job, failed('internal'));
    }
    const current = device.commands.inFlight === job && !job.answered;
    const moved = device.peer.key !== peer.key;
    if (error.code === 'CANCELLED' && current && moved && isRepeatable(job.command) && attempt < mostAttempts) {
      return this.run(device, job, attempt + 1);
    }
    if (error.code === 'TIMEOUT' && current && isPatient(device, job)) {
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
    if (isCancel(job.command)) this.context.observing.leave(device, job.command, job.replies.dialect);
    this.answer(device, job, result);
    if (device.commands.inFlight !== job) return;
    device.commands.settle();
    this.pump(device);
    this.arm(device);
  }

  private due(device: Device): void {
    for (const job of device.commands.expire(this.context.clock.now())) this.answer(device, job, failed('expired'));
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
    const { endpoint } = device.registration;
    // Kept until the answer is out: a command that is answered twice is better than one that is not.
    const done = job.stored ? () => this.context.journal.deleteCommand(endpoint, job) : undefined;
    const text = job.replies.answer(result);
    if (job.replyTo === undefined) this.tell(device, job, text, done);
    else if (text !== undefined) this.context.reply(device, job.replyTo, text, done);
    this.unkept.answered(job);
  }

  /** What the device says to an observation made anew is not an answer, and its application hears nothing of the way there. */
  private tell(device: Device, job: Job, text: string | undefined, done?: () => void): void {
    if (text !== undefined && !job.again) this.context.publish(device, job.topics.response, text, done);
  }
}

/** Whether a command is kept for its device when the device does not answer. */
function isPatient(device: Device, job: Job): boolean {
  return device.registration.queueMode && isRepeatable(job.command);
}

/** Whether a command is not an application's but makes an observation that is desired. */
function isWish(device: Device, job: Job): boolean {
  const observed = device.observedBy(job.command);
  return job.again || (observed?.command === job.command && observed.observation === undefined);
}

const failures: Readonly<Record<ExchangeError['code'], Failure>> = {
  TIMEOUT: 'timeout',
  RESET: 'reset',
  // Given up because the device has moved, after it may have had the command.
  CANCELLED: 'outcome_unknown',
  TOO_LARGE: 'too_large',
  PROTOCOL: 'bad_answer',
};

function failed(failure: Failure): Result {
  return { kind: 'failed', failure };
}
