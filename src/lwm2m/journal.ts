import type { IsthmusError } from '../core/errors.js';
import type { Store, Table } from '../store/store.js';
import type { Job } from './command-queue.js';
import { type Device, type Observed, observedKey } from './device.js';
import {
  type CommandRecord,
  decodeCommand,
  decodeObservation,
  decodeRegistration,
  encodeCommand,
  encodeObservation,
  encodeRegistration,
  type ObservationRecord,
  type RegistrationRecord,
} from './snapshot.js';

/** A registration as it was found in the store, with what hangs on it. */
export interface Kept {
  readonly endpoint: string;
  readonly registration: RegistrationRecord;
  /** It was told that the device has gone to sleep. */
  readonly asleep: boolean;
  readonly observations: readonly ObservationRecord[];
  /** In their order. */
  readonly commands: readonly (CommandRecord & { readonly seq: number })[];
}

/** Ends the endpoint name in a key; what follows never holds it. */
const end = '\0';
const nothing = Buffer.alloc(0);

/** What LwM2M keeps in the store: registrations, observations, commands that wait, and who is asleep. */
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
  deleteCommand(device: Device, job: Job): void {
    if (!job.stored) return;
    job.stored = false;
    this.commands.delete(commandKey(device.registration.endpoint, job.seq));
  }

  saveAsleep({ registration: { endpoint }, asleep }: Device): void {
    if (asleep) this.asleep.put(endpoint, nothing);
    else this.asleep.delete(endpoint);
  }

  /** Calls back when everything written so far would survive a crash. A write that failed is tried until it succeeds. */
  stored(callback: () => void): void {
    const committed = (error?: IsthmusError): void => {
      if (error === undefined) callback();
      else this.store.committed(committed);
    };
    this.store.committed(committed);
  }

  /** Everything kept, registration by registration. What belongs to none, or cannot be read, is removed. */
  async load(): Promise<Kept[]> {
    const observations = new Map<string, ObservationRecord[]>();
    for await (const [key, value] of this.observations.entries()) {
      const record = decodeObservation(value);
      if (record === undefined) this.observations.delete(key);
      else append(observations, key.slice(0, key.lastIndexOf(end)), record);
    }
    const commands = new Map<string, Kept['commands'][number][]>();
    for await (const [key, value] of this.commands.entries()) {
      const at = key.lastIndexOf(end);
      const record = decodeCommand(value);
      const seq = Number(key.slice(at + 1));
      this.seq = Math.max(this.seq, seq);
      if (record === undefined) this.commands.delete(key);
      else append(commands, key.slice(0, at), { ...record, seq });
    }
    const asleep = new Set<string>();
    for await (const [endpoint] of this.asleep.entries()) asleep.add(endpoint);
    const kept: Kept[] = [];
    for await (const [endpoint, value] of this.registrations.entries()) {
      const registration = decodeRegistration(value);
      if (registration === undefined) {
        this.registrations.delete(endpoint);
        continue;
      }
      kept.push({
        endpoint,
        registration,
        asleep: asleep.has(endpoint),
        observations: observations.get(endpoint) ?? [],
        commands: commands.get(endpoint) ?? [],
      });
      observations.delete(endpoint);
      commands.delete(endpoint);
      asleep.delete(endpoint);
    }
    await this.remove(this.observations, observations.keys());
    await this.remove(this.commands, commands.keys());
    for (const endpoint of asleep) this.asleep.delete(endpoint);
    return kept;
  }

  /** Removes what is left of endpoints that are not registered. */
  private async remove(table: Table, endpoints: Iterable<string>): Promise<void> {
    for (const endpoint of endpoints) {
      for await (const [key] of table.entries(endpoint + end)) {
        if (key.lastIndexOf(end) === endpoint.length) table.delete(key);
      }
    }
  }
}

function observationKey({ registration: { endpoint } }: Device, { command }: Observed): string {
  return endpoint + end + observedKey(command);
}

/** Commands of a device in their order: the number has as many digits as any. */
function commandKey(endpoint: string, seq: number): string {
  return endpoint + end + String(seq).padStart(15, '0');
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
