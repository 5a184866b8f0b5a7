import type { CoapEndpoint } from '../coap/types.js';
import type { Log } from '../core/log.js';
import { AbsentPeer } from './absent-peer.js';
import type { Applications } from './applications.js';
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

interface Recalled {
  readonly device: Device;
  readonly asleep: boolean;
  readonly observations: readonly RecalledObservation[];
}

/** Goes on where the process before this one ended, in three steps: `recall`, `bind` for each endpoint, `takeUp`. */
export class Restart {
  private readonly context: RestartContext;
  private recalled: Recalled[] = [];
  /** Those whose endpoint has not been found. */
  private unbound: Recalled[] = [];

  constructor(context: RestartContext) {
    this.context = context;
  }

  /** Puts every registration that the store has kept into the table. Nothing goes to a device before `takeUp`. */
  async recall(): Promise<void> {
    const { applications, definitions, endpoints, journal, registrations } = this.context;
    const [coap] = endpoints;
    if (coap === undefined) return;
    const recall = new Recall(definitions, (filter) => applications.topicsOf(filter));
    for (const kept of await journal.load()) {
      const device = recall.device(kept, coap);
      if (device === undefined) continue;
      registrations.restore(device);
      const observations = kept.observations.flatMap((record) => recall.observation(record) ?? []);
      for (const { observed } of observations) device.observe(observed);
      this.recalled.push({ device, observations, asleep: kept.asleep });
    }
    this.unbound = this.recalled;
  }

  /**
   * An endpoint has started: it takes the devices whose peers are its own, and their observations, before the next
   * datagram is read. The last one to start takes those, too, who are not known anywhere, as after a lost DTLS session.
   */
  bind(coap: CoapEndpoint): void {
    const last = coap === this.context.endpoints.at(-1);
    this.unbound = this.unbound.filter(({ device, observations }) => {
      if (device.peer instanceof AbsentPeer) {
        const peer = coap.peerAt(device.peer.key);
        if (peer === undefined && !last) return true;
        device.peer = peer ?? device.peer;
        device.coap = coap;
      }
      for (const { observed, relation } of observations) {
        if (relation !== undefined && device.isObserved(observed)) {
          this.context.observing.resume(device, observed, relation);
        }
      }
      return false;
    });
  }

  /** Every endpoint has started: lifetimes and commands go on. */
  takeUp(): void {
    const { applications, downlink, log, presence, registrations } = this.context;
    const { recalled } = this;
    for (const { device, asleep } of recalled) {
      if (registrations.withId(device.id) !== device) continue;
      registrations.resume(device);
      presence.restore(device, asleep, device.renewedAt);
      device.held = false;
      downlink.takeUp(device);
    }
    applications.reopen(recalled.map(({ device }) => device));
    if (recalled.length > 0) log.info({ devices: recalled.length }, 'LwM2M registrations taken up again');
  }
}
