import { recordKey, splitRecordKey } from '../store/record-key.js';
import { whenSafe } from '../store/safe.js';
import type { Store, Table } from '../store/store.js';
import type { Job } from './command-queue.js';
import { type Device, type Observed, observedKey } from './device.js';
import {
  type CommandRecord,
  decodeCommand,
  decodeRegistration,
  encodeCommand,
  encodeObservation,
  encodeRegistration,
  type RegistrationRecord,
} from './snapshot.js';

const nothing = Buffer.alloc(0);

/** What LwM2M keeps in the store: registrations, observations, commands without an answer, and who is asleep. */
export class Journal {
  private readonly store: Store;
  private readonly registrations: Table;
  private readonly observations: Table;
  private readonly commands: Table;
  private readonly asleep: Table;
  private seq = 0;

  constructor(store: Store) {
    this.store = store;
    this.registrations = store.table('lwm2m.registrations');
    this.observations = store.table('lwm2m.observations');
    this.commands = store.table('lwm2m.commands');
    this.asleep = store.table('lwm2m.asleep');
  }

  saveRegistration(device: Device): void {
    this.registrations.put(device.registration.endpoint, encodeRegistration(device));
  }

  deleteRegistration({ registration: { endpoint } }: Device): void {
    this.registrations.delete(endpoint);
  }

  saveObservation(device: Device, observed: Observed): void {
    this.observations.put(observationKey(device, observed), encodeObservation(observed));
  }

  deleteObservation(device: Device, observed: Observed): void {
    this.observations.delete(observationKey(device, observed));
  }

  /** A place in the order of commands, behind all before. */
  nextSeq(): number {
    this.seq += 1;
    return this.seq;
  }

  saveCommand(device: Device, job: Job): void {
    job.stored = true;
    this.commands.put(commandKey(device.registration.endpoint, job.seq), encodeCommand(job));
  }

  /** Removes a command, if it is here. */
  deleteCommand(endpoint: string, job: Job): void {
    if (!job.stored) return;
    job.stored = false;
    this.commands.delete(commandKey(endpoint, job.seq));
  }

  saveAsleep({ registration: { endpoint }, asleep }: Device): void {
    if (asleep) this.asleep.put(endpoint, nothing);
    else this.asleep.delete(endpoint);
  }

  /** Calls back when everything written so far would survive a crash. A write that failed is tried until it succeeds. */
  stored(callback: () => void): void {
    whenSafe(this.store, callback);
  }

  /** Hands over every registration that can be read; the others are removed. */
  loadRegistrations(take: (endpoint: string, record: RegistrationRecord) => void): Promise<void> {
    return this.registrations.texts((endpoint, value) => {
      const record = decodeRegistration(value);
      if (record === undefined) this.registrations.delete(endpoint);
      else take(endpoint, record);
    });
  }

  /** Hands over the record of every observation; those that `take` does not want are removed. */
  loadObservations(take: (endpoint: string, record: string) => boolean): Promise<void> {
    return this.observations.texts((key, record) => {
      if (!take(splitRecordKey(key)[0], record)) this.observations.delete(key);
    });
  }

  /** Hands over every command, those of one device in their order; what is not wanted is removed. */
  loadCommands(take: (endpoint: string, record: CommandRecord, seq: number) => boolean): Promise<void> {
    return this.commands.texts((key, value) => {
      const [endpoint, rest] = splitRecordKey(key);
      const seq = Number(rest);
      this.seq = Math.max(this.seq, Number.isNaN(seq) ? 0 : seq);
      const record = decodeCommand(value);
      const wanted = record !== undefined && take(endpoint, record, seq);
      if (!wanted) this.commands.delete(key);
    });
  }

  /** Hands over every device that sleeps; what is not wanted is removed. */
  loadAsleep(take: (endpoint: string) => boolean): Promise<void> {
    return this.asleep.texts((endpoint) => {
      if (!take(endpoint)) this.asleep.delete(endpoint);
    });
  }
}

function observationKey({ registration: { endpoint } }: Device, { command }: Observed): string {
  return recordKey(endpoint, observedKey(command));
}

/** Commands of a device in their order: the number has as many digits as any. */
function commandKey(endpoint: string, seq: number): string {
  return recordKey(endpoint, String(seq).padStart(15, '0'));
}
