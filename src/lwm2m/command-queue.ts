import type { Command, Replies } from './command.js';
import type { Topics } from './topics.js';
import type { UnkeptEntry } from './unkept.js';

/** Where an application waits for the answer, other than the topic of answers [MQTT5 4.10]. */
export interface ReplyTo {
  readonly topic: string;
  readonly correlationData?: Buffer;
}

/** A command, and who is told of its fate. */
export interface AddressedCommand {
  readonly command: Command;
  readonly replies: Replies;
  /** The set of topics it came on. */
  readonly topics: Topics;
  readonly replyTo?: ReplyTo;
  /** Its application needs it no more after this time, ms. */
  readonly mustEndBy?: number;
}

/** What is known of a command beside itself when it is taken. */
export interface JobFacts {
  /** When it is given up if it still waits, ms. */
  readonly expiresAt: number;
  /** Its place in the order of all commands. */
  readonly seq: number;
  /** It makes an observation anew that has had its answer: what comes of it is told as a notification. */
  readonly again?: boolean;
}

/** A command on its way to a device. */
export class Job {
  readonly command: Command;
  readonly replies: Replies;
  readonly topics: Topics;
  readonly replyTo: ReplyTo | undefined;
  readonly expiresAt: number;
  readonly seq: number;
  readonly again: boolean;
  /** It is in the store. */
  stored = false;
  /** The device may have had it. */
  sent = false;
  /** It was sent before a restart, and its answer is not known. */
  repeated = false;
  /** While it is under way and not in the store. */
  unkept: UnkeptEntry | undefined = undefined;
  /** Its application has been answered; what the device still says about it is dropped. */
  answered = false;

  constructor({ command, replies, topics, replyTo }: AddressedCommand, { expiresAt, seq, again = false }: JobFacts) {
    this.command = command;
    this.replies = replies;
    this.topics = topics;
    this.replyTo = replyTo;
    this.expiresAt = expiresAt;
    this.seq = seq;
    this.again = again;
  }
}

/** A command that ends an observation. */
export type CancelCommand = Extract<Command, { kind: 'cancel-observe' | 'cancel-observe-composite' }>;

/** Whether a command ends an observation. */
export function isCancel(command: Command): command is CancelCommand {
  return command.kind === 'cancel-observe' || command.kind === 'cancel-observe-composite';
}

/** Whether a command may reach its device twice without doing more than once. */
export function isRepeatable({ kind }: Command): boolean {
  return kind !== 'execute' && kind !== 'create';
}

/** The commands of one device in their order: one in flight, the others waiting. */
export class CommandQueue {
  /** The command the device has been sent. */
  inFlight: Job | undefined;
  private waiting: Job[] | undefined;
  /** No command that waits expires before this time, ms. */
  private earliest = Number.POSITIVE_INFINITY;

  get length(): number {
    return this.waiting?.length ?? 0;
  }

  /** Every command, the one in flight first. */
  all(): Job[] {
    return [...(this.inFlight === undefined ? [] : [this.inFlight]), ...(this.waiting ?? [])];
  }

  /** Adds a command at the end; false when `limit` commands wait already. */
  push(job: Job, limit: number): boolean {
    if (this.length >= limit) return false;
    this.waiting ??= [];
    this.waiting.push(job);
    this.earliest = Math.min(this.earliest, job.expiresAt);
    return true;
  }

  /** The next command, which is in flight from now on; undefined while another one is. */
  next(): Job | undefined {
    if (this.inFlight !== undefined || this.waiting === undefined) return undefined;
    this.inFlight = this.waiting.shift();
    if (this.waiting.length === 0) this.waiting = undefined;
    return this.inFlight;
  }

  /** The command in flight has ended. */
  settle(): void {
    this.inFlight = undefined;
  }

  /** The command in flight is to be tried again, before all others. */
  putBack(): void {
    const { inFlight } = this;
    if (inFlight === undefined) return;
    this.inFlight = undefined;
    this.waiting = [inFlight, ...(this.waiting ?? [])];
    this.earliest = Math.min(this.earliest, inFlight.expiresAt);
  }

  /** Takes out what has waited too long. */
  expire(now: number): Job[] {
    const { waiting } = this;
    if (waiting === undefined || this.earliest > now) return [];
    const kept = waiting.filter((job) => job.expiresAt > now);
    this.waiting = kept.length === 0 ? undefined : kept;
    this.earliest = kept.reduce((earliest, { expiresAt }) => Math.min(earliest, expiresAt), Number.POSITIVE_INFINITY);
    return waiting.filter((job) => job.expiresAt <= now);
  }

  /** When waiting commands must next be looked at, ms; perhaps earlier than need be. */
  deadline(): number {
    return this.waiting === undefined ? Number.POSITIVE_INFINITY : this.earliest;
  }

  /** Takes out every command that has not been answered, the one in flight first. */
  drain(): Job[] {
    const left = this.all().filter((job) => !job.answered);
    this.inFlight = undefined;
    this.waiting = undefined;
    this.earliest = Number.POSITIVE_INFINITY;
    return left;
  }
}
