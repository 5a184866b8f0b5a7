import type { BrokerLink } from '../broker/port.js';
import type { CoapEndpoint, Observation } from '../coap/types.js';
import type { Peer } from '../core/datagram.js';
import { Deadline } from '../core/deadline-heap.js';
import type { Command, Replies } from './command.js';
import { CommandQueue } from './command-queue.js';
import { type FormatSet, withFormat } from './content-choice.js';
import type { DeviceView } from './operations.js';
import { formatPath } from './path.js';
import type { Credentials, Lwm2mVersion, Registration } from './registration.js';
import type { Registered } from './registrations.js';
import type { Topics } from './topics.js';
import type { ObjectLookup } from './values.js';

/** Object definitions as the version numbers that a device registered choose them. */
export interface DefinitionSource {
  lookup(versions: ReadonlyMap<number, string>, lwm2mVersion: string): ObjectLookup;
}

/** An application that gets the notifications of an observation. */
export interface Observer {
  readonly replies: Replies;
  readonly topics: Topics;
}

/** A command whose answer is an observation. */
export type ObserveCommand = Extract<Command, { kind: 'observe' | 'observe-composite' }>;

/** A path, or a list of paths, that a device reports on, or is to report on. */
export interface Observed {
  readonly command: ObserveCommand;
  /** Another one, of the same token, when the device has moved; undefined while the device does not know of it. */
  observation: Observation | undefined;
  /** At most one for each dialect. */
  observers: readonly Observer[];
}

/** One registration and all that hangs on it: where the device is, what it refused, what it has to do. */
export class Device implements Registered, DeviceView {
  readonly id: string;
  registration: Registration;
  /** Where the device was last heard of, and the endpoint that reaches it. */
  peer: Peer;
  coap: CoapEndpoint;
  /** The address in its topics, which stay the same when the device moves. */
  readonly topicAddress: string;
  /** With what its link is let in. */
  credentials: Credentials | undefined;
  /** When it registered or last updated, ms. */
  renewedAt = 0;
  readonly lifetime: Deadline<Registered> = new Deadline<Registered>(this);
  link: BrokerLink | undefined;
  readonly commands = new CommandQueue();
  /** Commands wait: the device has not got the answer to its registration or update yet. */
  held = true;
  /** It is in queue mode and hears nothing now. */
  asleep = false;
  refusedReads: FormatSet = 0;
  refusedWrites: FormatSet = 0;
  /** A list, not a map: most devices have one observation or none. */
  private observed: readonly Observed[] = none;
  private readonly definitions: DefinitionSource;

  constructor(
    id: string,
    registration: Registration,
    peer: Peer,
    coap: CoapEndpoint,
    definitions: DefinitionSource,
    topicAddress = withoutPort(peer.address),
  ) {
    this.id = id;
    this.registration = registration;
    this.peer = peer;
    this.coap = coap;
    this.topicAddress = topicAddress;
    this.definitions = definitions;
  }

  get version(): Lwm2mVersion {
    return this.registration.version;
  }

  get contentFormats(): readonly number[] {
    return this.registration.objects.contentFormats;
  }

  get alternatePath(): readonly string[] {
    return this.registration.objects.alternatePath;
  }

  /** Made anew for each use: it is needed seldom, and there are very many devices. */
  get objects(): ObjectLookup {
    return this.definitions.lookup(this.registration.objects.versions, this.registration.version);
  }

  /** Learns that the device does not take a format. */
  refuse(direction: 'read' | 'write', format: number): void {
    if (direction === 'read') this.refusedReads = withFormat(this.refusedReads, format);
    else this.refusedWrites = withFormat(this.refusedWrites, format);
  }

  /** What the device of the same endpoint was found not to take holds for this one if it says the same about itself. */
  learnFrom(old: Device): void {
    const { version, objects } = this.registration;
    if (old.registration.version !== version || old.registration.objects.links !== objects.links) return;
    this.refusedReads = old.refusedReads;
    this.refusedWrites = old.refusedWrites;
  }

  /** The observation of the path or the paths of a command. */
  observedBy(command: Command): Observed | undefined {
    if (this.observed.length === 0) return undefined;
    const key = observedKey(command);
    return this.observed.find((observed) => observedKey(observed.command) === key);
  }

  /** Every observation. */
  get observations(): readonly Observed[] {
    return this.observed;
  }

  /** Whether an observation has not been replaced or ended. */
  isObserved(observed: Observed): boolean {
    return this.observed.includes(observed);
  }

  /** Adds an observation; one of the same path is forgotten on this side. */
  observe(observed: Observed): void {
    const previous = this.observedBy(observed.command);
    previous?.observation?.forget();
    this.observed = this.observed.filter((other) => other !== previous).concat(observed);
  }

  /** Takes an observation out; the relation itself is the caller's. */
  dropObserved(observed: Observed): void {
    this.observed = this.observed.filter((other) => other !== observed);
  }

  /** Forgets every observation on this side. */
  forgetObservations(): void {
    for (const { observation } of this.observed) observation?.forget();
    this.observed = none;
  }
}

const none: readonly never[] = [];

/** What is observed, as a key: lists of the same paths are one, whatever their order. */
export function observedKey(command: Command): string {
  return 'paths' in command ? command.paths.map(formatPath).sort().join(',') : formatPath(command.path);
}

/** `192.0.2.1:5683` without its port, an IPv6 address without its brackets. */
function withoutPort(address: string): string {
  const host = address.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  // A text of its own, not a part of the whole address, which would be kept with it.
  return Buffer.from(host).toString();
}
