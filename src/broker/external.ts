import type { Clock } from '../core/clock.js';
import type { Log } from '../core/log.js';
import { fillTemplate } from './client-template.js';
import { ConnectPacer, type Turn } from './connect-pacer.js';
import { connectOptions } from './external-connect-options.js';
import { Connection, type ConnectionEvents } from './external-connection.js';
import { type ExternalHost, ExternalLink } from './external-link.js';
import type { ExternalOptions } from './external-options.js';
import { BrokerProbe } from './external-probe.js';
import { type BrokerLink, type BrokerPort, BrokerRefusal, type LinkOptions } from './port.js';

/** How long an MQTT 5 broker keeps the session of a device with a clean one over a loss of its connection. */
const cleanSessionGraceSeconds = 120;

/**
 * A broker elsewhere, by one MQTT connection for each device: takeover, rights, wills and what waits for devices that are
 * away are the broker's, so that any number of gateways may share it.
 */
export class ExternalBroker implements BrokerPort, ExternalHost {
  readonly keepsSessions = true;
  readonly clock: Clock;
  readonly log: Log;
  private readonly options: ExternalOptions;
  private readonly pacer: ConnectPacer;
  private readonly probe: BrokerProbe;
  private readonly links = new Map<string, ExternalLink>();
  private running = false;
  private allGone: (() => void) | undefined;

  constructor(options: ExternalOptions, clock: Clock, log: Log) {
    this.options = options;
    this.clock = clock;
    this.log = log;
    this.pacer = new ConnectPacer(clock, options.connectRate);
    this.probe = new BrokerProbe(options, clock, log, {
      reached: () => this.pacer.release(),
      lost: () => this.pacer.hold(),
    });
  }

  get ready(): boolean {
    return this.probe.ready;
  }

  /** Links of devices and the gateway, connected or on their way. */
  get connected(): { readonly links: number; readonly waiting: number } {
    return { links: this.links.size, waiting: this.pacer.waiting };
  }

  /** Begins to look for the broker, and does not wait for it. */
  start(): Promise<void> {
    this.running = true;
    this.probe.start();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    if (!this.running) return;
    this.running = false;
    this.pacer.hold();
    for (const link of this.links.values()) link.end('lost');
    if (this.links.size > 0) await new Promise<void>((resolve) => (this.allGone = resolve));
    await this.probe.stop();
  }

  open(options: LinkOptions): Promise<BrokerLink> {
    const { patient = false, clientId } = options;
    if (!this.running) return Promise.reject(new BrokerRefusal('UNAVAILABLE', 'the broker link is not running'));
    if (!this.ready && !patient) return Promise.reject(new BrokerRefusal('UNAVAILABLE', 'the broker is not there'));
    const before = this.links.get(clientId);
    before?.end('takeover');
    const link = new ExternalLink(this, options);
    this.links.set(clientId, link);
    return link.open(before);
  }

  turn(run: () => void, inHurry: boolean): Turn | undefined {
    return this.pacer.queue(run, inHurry);
  }

  connection(link: LinkOptions, events: ConnectionEvents): Connection {
    const { clientId: name, username, password, cleanSession } = link;
    const clientId = link.isGateway ? name : fillTemplate(this.options.clientId, name, username);
    const { version } = this.probe;
    const options = connectOptions(this.options, version, { clientId, name, username, password });
    if (version === 5) {
      const expiry = cleanSession ? cleanSessionGraceSeconds : this.options.sessionExpirySeconds;
      options.properties = { sessionExpiryInterval: expiry };
    }
    return new Connection(options, this.clock, events);
  }

  lostAround(at: number): boolean {
    return this.probe.lostAround(at);
  }

  gone(link: ExternalLink): void {
    if (this.links.get(link.clientId) === link) this.links.delete(link.clientId);
    if (this.links.size === 0) this.allGone?.();
  }
}
