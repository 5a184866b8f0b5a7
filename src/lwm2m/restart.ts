import type { CoapEndpoint } from '../coap/types.js';
import type { Log } from '../core/log.js';
import { AbsentPeer } from './absent-peer.js';
import type { Applications } from './applications.js';
import type { Job } from './command-queue.js';
import type { DefinitionSource, Device } from './device.js';
import type { Downlink } from './downlink.js';
import type { Journal } from './journal.js';
import type { Observing } from './observing.js';
import type { Presence } from './presence.js';
import { Recall, type RecalledObservation } from './recall.js';
import type { Registrations } from './registrations.js';

/** What a restart needs around it. */
export interface RestartContext {
  readonly endpoints: readonly CoapEndpoint[];
  readonly definitions: DefinitionSource;
  readonly journal: Journal;
  readonly log: Log;
  readonly registrations: Registrations<Device>;
  readonly applications: Applications;
  readonly presence: Presence;
  readonly observing: Observing;
  readonly downlink: Downlink;
}

/** A relation to be taken up when its device has its endpoint. */
interface Pending extends RecalledObservation {
  readonly device: Device;
}

/** Goes on where the process before this one ended, in three steps: `recall`, `bind` for each endpoint, `takeUp`. */
export class Restart {
  private readonly context: RestartContext;
  private readonly devices: Device[] = [];
  private readonly asleep = new Set<Device>();
  /** Those whose endpoint has not been found. */
  private unbound: readonly Device[] = [];
  private pending: readonly Pending[] = [];
  /** Commands whose registration has ended, and that were not answered before the process did. */
  private readonly orphans: { readonly endpoint: string; readonly job: Job }[] = [];

  constructor(context: RestartContext) {
    this.context = context;
  }

  /** Puts every registration that the store has kept into the table. Nothing goes to a device before `takeUp`. */
  async recall(): Promise<void> {
    const { applications, definitions, endpoints, journal, registrations } = this.context;
    const [coap] = endpoints;
    if (coap === undefined) return;
    const recall = new Recall(definitions, (filter) => applications.topicsOf(filter));
    await journal.loadRegistrations((endpoint, record) => {
      const device = recall.device(endpoint, record, coap);
      if (device === undefined) return;
      registrations.restore(device);
      this.devices.push(device);
    });
    const pending: Pending[] = [];
    await journal.loadObservations((endpoint, record) => {
      const device = registrations.of(endpoint);
      const recalled = recall.observation(record);
      if (device === undefined || recalled === undefined) return false;
      device.observe(recalled.observed);
      pending.push({ device, ...recalled });
      return true;
    });
    await journal.loadCommands((endpoint, record, seq) => {
      const job = recall.job(record, seq);
      const device = registrations.of(endpoint);
      if (job !== undefined && device === undefined) this.orphans.push({ endpoint, job });
      if (job !== undefined) device?.commands.push(job, Number.POSITIVE_INFINITY);
      return job !== undefined;
    });
    await journal.loadAsleep((endpoint) => {
      const device = registrations.of(endpoint);
      if (device !== undefined) this.asleep.add(device);
      return device !== undefined;
    });
    this.unbound = this.devices;
    this.pending = pending;
  }

  /**
   * An endpoint has started: it takes the devices whose peers are its own, and their observations, before the next
   * datagram is read. The last one to start takes those, too, who are not known anywhere, as after a lost DTLS session.
   */
  bind(coap: CoapEndpoint): void {
    const last = coap === this.context.endpoints.at(-1);
    const left = new Set<Device>();
    for (const device of this.unbound) {
      // It may have been heard of already, at another place than before.
      if (!(device.peer instanceof AbsentPeer)) continue;
      const peer = coap.peerAt(device.peer.key);
      if (peer === undefined && !last) {
        left.add(device);
        continue;
      }
      device.peer = peer ?? device.peer;
      device.coap = coap;
    }
    this.unbound = [...left];
    for (const { device, observed, relation } of this.pending) {
      if (relation !== undefined && !left.has(device) && device.isObserved(observed)) {
        this.context.observing.resume(device, observed, relation);
      }
    }
    this.pending = this.pending.filter(({ device }) => left.has(device));
  }

  /** Every endpoint has started: lifetimes and commands go on. */
  takeUp(): void {
    const { applications, downlink, journal, log, presence, registrations } = this.context;
    const { devices } = this;
    for (const device of devices) {
      if (registrations.withId(device.id) !== device) continue;
      registrations.resume(device);
      presence.restore(device, this.asleep.has(device), device.renewedAt);
      device.held = false;
      downlink.takeUp(device);
    }
    applications.reopen(devices);
    for (const { endpoint, job } of this.orphans.splice(0)) {
      const answer = job.replies.answer({ kind: 'failed', failure: 'not_registered' });
      applications.replyFor(endpoint, job, answer, () => journal.deleteCommand(endpoint, job));
    }
    if (devices.length > 0) log.info({ devices: devices.length }, 'LwM2M registrations taken up again');
  }
}
