import type { Command, Replies } from './command.js';
import type { Topics } from './topics.js';

/** A command, and who is told of its fate. */
export interface AddressedCommand {
  readonly command: Command;
  readonly replies: Replies;
  /** The set of topics it came on. */
  readonly topics: Topics;
}

/** A command on its way to a device. */
export class Job implements AddressedCommand {
  readonly command: Command;
  readonly replies: Replies;
  readonly topics: Topics;
  /** When it is given up if it still waits, ms. */
  readonly expiresAt: number;
  /** When it is given up if it has been sent, ms. */
  timeoutAt = Number.POSITIVE_INFINITY;
  /** Its application has been answered; what the device still says about it is dropped. */
  answered = false;

  constructor({ command, replies, topics }: AddressedCommand, expiresAt: number) {
    this.command = command;
    this.replies = replies;
    this.topics = topics;
    this.expiresAt = expiresAt;
  }
}

/** The commands of one device in their order: one in flight, the others waiting. */
export class CommandQueue {
  /** The command the device has been sent. */
  inFlight: Job | undefined;
  private waiting: Job[] | undefined;

  get length(): number {
    return this.waiting?.length ?? 0;
  }

  /** Adds a command at the end; false when `limit` commands wait already. */
  push(job: Job, limit: number): boolean {
    if (this.length >= limit) return false;
    this.waiting ??= [];
    this.waiting.push(job);
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
  }

  /** Takes out what has waited too long. */
  expire(now: number): Job[] {
    const { waiting } = this;
    // Every command waits equally long, so the oldest stand in front.
    if (waiting === undefined || (waiting[0] as Job).expiresAt > now) return [];
    const kept = waiting.filter((job) => job.expiresAt > now);
    this.waiting = kept.length === 0 ? undefined : kept;
    return waiting.filter((job) => job.expiresAt <= now);
  }

  /** When a command must next be looked at, ms. */
  deadline(): number {
    const { inFlight } = this;
    const answerBy = inFlight === undefined || inFlight.answered ? Number.POSITIVE_INFINITY : inFlight.timeoutAt;
    return Math.min(answerBy, this.waiting?.[0]?.expiresAt ?? Number.POSITIVE_INFINITY);
  }

  /** Takes out every command that has not been answered, the one in flight first. */
  drain(): Job[] {
    const { inFlight } = this;
    const left = [...(inFlight === undefined || inFlight.answered ? [] : [inFlight]), ...(this.waiting ?? [])];
    this.inFlight = undefined;
    this.waiting = undefined;
    return left;
  }
}
