import type { Duplex } from 'node:stream';
import type { Clock } from '../core/clock.js';
import type { Log } from '../core/log.js';
import type { Metrics } from '../core/metrics.js';
import type { Store } from '../store/store.js';
import { fillTemplate } from './client-template.js';
import { ConnectPacer, type Turn } from './connect-pacer.js';
import { connectPacket, type ExternalClient } from './external-connect-options.js';
import { Connection, type ConnectionEvents } from './external-connection.js';
import { type ExternalHost, ExternalLink, type LinkCounters, linkCounters } from './external-link.js';
import type { ExternalOptions } from './external-options.js';
import { BrokerProbe } from './external-probe.js';
import { openMqttStream } from './mqtt-stream.js';
import { PacketJournal } from './packet-journal.js';
import { type BrokerLink, type BrokerPort, BrokerRefusal, type LinkOptions } from './port.js';

/** How long an MQTT 5 broker keeps the session of a device with a clean one over a loss of its connection. */
const cleanSessionGraceSeconds = 120;

/** What an ExternalBroker needs around it. */
export interface ExternalAround {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Keeps QoS 2 exchanges over a crash. */
  readonly store: Store;
}

/** How the links are, as numbers. */
export interface ExternalCounts {
  /** Links of devices and the gateway. */
  readonly links: number;
  /** Of these, connected to the broker. */
  readonly connected: number;
  /** Of these, waiting for their turn to connect. */
  readonly waiting: number;
  /** Publications that the broker has not acknowledged. */
  readonly inFlight: number;
}

/**
 * A broker elsewhere, by one MQTT connection for each device: takeover, rights, wills and what waits for devices that are
 * away are the broker's, so that any number of gateways may share it.
 */
export class ExternalBroker implements BrokerPort, ExternalHost {
  readonly keepsSessions = true;
  readonly clock: Clock;
  readonly log: Log;
  readonly counters: LinkCounters;
  private readonly options: ExternalOptions;
  private readonly journal: PacketJournal;
  private readonly pacer: ConnectPacer;
  private readonly probe: BrokerProbe;
  private readonly links = new Map<string, ExternalLink>();
  private running = false;
  private allGone: (() => void) | undefined;

  constructor(options: ExternalOptions, { clock, log, metrics, store }: ExternalAround) {
    this.options = options;
    this.clock = clock;
    this.log = log;
    this.counters = linkCounters(metrics);
    this.journal = new PacketJournal(store);
    this.pacer = new ConnectPacer(clock, options.connectRate);
    this.probe = new BrokerProbe(options, clock, log, {
      reached: () => this.pacer.release(),
      lost: () => this.pacer.hold(),
      connection: (events) => {
        const { gatewayName: name } = options;
        return this.connect({ clientId: name, name, username: undefined, password: undefined }, 0, events);
      },
    });
  }

  get ready(): boolean {
    return this.probe.ready;
  }

  /** How the links are; a look at each of them. */
  get counts(): ExternalCounts {
    let connected = 0;
    let inFlight = 0;
    for (const link of this.links.values()) {
      if (link.isOpen) connected++;
      inFlight += link.inFlight;
    }
    return { links: this.links.size, connected, waiting: this.pacer.waiting, inFlight };
  }

  /** Begins to look for the broker, and does not wait for it. */
  async start(): Promise<void> {
    if (this.running) return;
    this.running = true;
    await this.journal.load();
    this.probe.start();
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

  /** Tells about the gateway itself, below its topic for that. */
  publishStats(name: string, payload: string): void {
    const { statsTopic } = this.options;
    if (statsTopic === undefined) return;
    this.probe.publish({ topic: `${statsTopic}/${name}`, payload: Buffer.from(payload), qos: 0, retain: true });
  }

  turn(run: () => void, inHurry: boolean): Turn | undefined {
    return this.pacer.queue(run, inHurry);
  }

  connection(link: LinkOptions, events: ConnectionEvents): Connection {
    const { clientId: name, username, password, cleanSession } = link;
    const clientId = link.isGateway ? name : fillTemplate(this.options.clientId, name, username);
    const expiry = cleanSession ? cleanSessionGraceSeconds : this.options.sessionExpirySeconds;
    return this.connect({ clientId, name, username, password }, expiry, events);
  }

  lostAround(at: number): boolean {
    return this.probe.lostAround(at);
  }

  gone(link: ExternalLink): void {
    if (this.links.get(link.clientId) === link) this.links.delete(link.clientId);
    if (this.links.size === 0) this.allGone?.();
  }

  private connect(client: ExternalClient, expiry: number, events: ConnectionEvents): Connection {
    const { version } = this.probe;
    const { url, tls, connectTimeoutMs = 10_000 } = this.options;
    const packet = connectPacket(this.options, version, client);
    if (version === 5) packet.properties = { sessionExpiryInterval: expiry };
    const open = (): Duplex => openMqttStream(url, tls);
    const { clock, journal } = this;
    return new Connection({ packet, name: client.name, connectTimeoutMs, open, journal, clock }, events);
  }
}
