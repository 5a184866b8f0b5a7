import { randomBytes } from 'node:crypto';
import type { Random } from '../core/backoff.js';
import type { Clock } from '../core/clock.js';
import type { DatagramPort, Peer } from '../core/datagram.js';
import { assertNever, DecodeError } from '../core/errors.js';
import type { Log } from '../core/log.js';
import type { Counter, Metrics } from '../core/metrics.js';
import type { RandomBytes } from '../core/random.js';
import { Complaints } from './complaints.js';
import { Deduplication, fingerprint } from './deduplication.js';
import { Exchanges } from './exchange.js';
import { formatMessage } from './format.js';
import { confirmableMid, decodeMessage, type EmptyMessage, type ResponseMessage } from './message.js';
import { Outbox } from './outbox.js';
import { type EndpointOptions, type EndpointSettings, settingsOf } from './parameters.js';
import { type PeerState, PeerTable } from './peers.js';
import { Reliability } from './reliability.js';
import { type Observed, Requesting } from './requesting.js';
import { Serving } from './serving.js';
import { TokenSource, tokenKey } from './tokens.js';
import {
  type CoapEndpoint,
  type CoapResponse,
  ExchangeError,
  type NotificationListener,
  type Observation,
  type OutgoingRequest,
  type RequestHandler,
  type ResponseTaker,
} from './types.js';

/** What an endpoint is made of. */
export interface EndpointParts {
  readonly port: DatagramPort;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** For waits and message ids; default Math.random. */
  readonly random?: Random;
  /** For tokens; default the system's. */
  readonly randomBytes?: RandomBytes;
}

/** A CoAP endpoint on one DatagramPort [RFC 7252]: takes datagrams, and gives each to the part that it concerns. */
export class Endpoint implements CoapEndpoint {
  private readonly port: DatagramPort;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly settings: EndpointSettings;
  private readonly complaints: Complaints;
  private readonly outbox: Outbox;
  private readonly tokens: TokenSource;
  private readonly peers: PeerTable;
  private readonly deduplication: Deduplication;
  private readonly reliability: Reliability;
  private readonly exchanges: Exchanges;
  private readonly requesting: Requesting;
  private readonly serving: Serving;
  private running = false;
  private readonly datagrams: Counter;
  private readonly resets: Counter;
  private readonly duplicates: Counter;

  constructor(parts: EndpointParts, options?: EndpointOptions) {
    const { port, clock, log, metrics } = parts;
    const random = parts.random ?? Math.random;
    this.port = port;
    this.clock = clock;
    this.log = log;
    this.settings = settingsOf(options);
    const { settings } = this;
    this.complaints = new Complaints(log, clock, metrics);
    this.outbox = new Outbox(log);
    this.tokens = new TokenSource(parts.randomBytes ?? randomBytes);
    const firstMid = (): number => Math.floor(random() * 0x1_0000);
    this.peers = new PeerTable(clock, settings.limits.peers, firstMid, (state) => this.deduplication.forget(state));
    this.deduplication = new Deduplication(settings.limits, () => this.peers.dropOldest());
    this.reliability = new Reliability(clock, random, metrics);
    this.exchanges = new Exchanges(clock, this.outbox, this.reliability, this.tokens);
    this.requesting = new Requesting(clock, settings, this.peers, this.exchanges, this.complaints);
    this.serving = new Serving({
      clock,
      metrics,
      settings,
      outbox: this.outbox,
      peers: this.peers,
      deduplication: this.deduplication,
      reliability: this.reliability,
      complaints: this.complaints,
    });
    this.datagrams = metrics.counter('coap.datagrams');
    this.resets = metrics.counter('coap.resets_sent');
    this.duplicates = metrics.counter('coap.duplicates');
  }

  async start(handler: RequestHandler): Promise<void> {
    if (this.running) return;
    this.running = true;
    this.serving.handler = handler;
    try {
      await this.port.start((datagram, peer) => this.receive(datagram, peer));
    } catch (error) {
      this.running = false;
      throw error;
    }
  }

  async stop(): Promise<void> {
    if (!this.running) return;
    this.running = false;
    await this.port.stop();
    this.serving.clear();
    for (const state of this.peers.all()) this.exchanges.cancelAll(state);
    this.requesting.observations.clear();
    this.peers.clear();
    this.exchanges.clear();
    this.reliability.clear();
  }

  peerAt(key: string): Peer | undefined {
    return this.port.peerAt?.(key);
  }

  ask(peer: Peer, request: OutgoingRequest, done: ResponseTaker, failed: (error: Error) => void): void {
    const later = (error: Error): void => queueMicrotask(() => failed(error));
    if (!this.running) {
      later(notRunning());
      return;
    }
    try {
      this.requesting.ask(peer, request, done, later);
    } catch (error) {
      later(error as Error);
    }
  }

  /** Sends a request; resolves with the whole response of any code, rejects as `ask` fails. */
  request(peer: Peer, request: OutgoingRequest): Promise<CoapResponse> {
    return new Promise((resolve, reject) => this.ask(peer, request, resolve, reject));
  }

  observe(peer: Peer, request: OutgoingRequest, listener: NotificationListener): Promise<Observed> {
    if (!this.running) return Promise.reject(notRunning());
    const { observations } = this.requesting;
    const state = this.peers.find(peer.key);
    const key = this.tokens.take((k) => observations.find(k) !== undefined || state?.exchange(k) !== undefined);
    return this.requesting.observe(peer, request, listener, key);
  }

  resume(peer: Peer, token: Buffer, request: OutgoingRequest, listener: NotificationListener): Observation {
    return this.requesting.observations.add(tokenKey(token), peer, request, listener);
  }

  forget(peer: Peer): void {
    const state = this.peers.find(peer.key);
    if (state === undefined) return;
    this.exchanges.cancelAll(state);
    this.peers.drop(state);
  }

  private receive(datagram: Buffer, peer: Peer): void {
    this.datagrams.value++;
    const message = decodeMessage(datagram);
    if (message instanceof DecodeError) {
      this.malformed(datagram, peer, message);
      return;
    }
    if (this.log.isLevelEnabled('trace')) {
      this.log.trace({ peer: peer.address }, `from device: ${formatMessage(message)}`);
    }
    switch (message.kind) {
      case 'request':
        this.serving.take(message, peer, fingerprint(datagram), this.clock.now());
        return;
      case 'response':
        if (message.type === 'ACK') this.piggybacked(message, peer);
        else this.separate(message, peer, fingerprint(datagram));
        return;
      case 'empty':
        this.empty(message, peer);
        return;
      default:
        assertNever(message);
    }
  }

  /** A confirmable message is rejected if that much of it can be read; others are ignored [RFC 7252 4.2, 4.3]. */
  private malformed(datagram: Buffer, peer: Peer, error: DecodeError): void {
    this.complaints.add('malformed', peer.address, error);
    const mid = confirmableMid(datagram);
    if (mid !== undefined) this.reject(mid, peer);
  }

  private empty(message: EmptyMessage, peer: Peer): void {
    const { type, mid } = message;
    if (type === 'CON') {
      // A ping [RFC 7252 4.3].
      this.reject(mid, peer);
      return;
    }
    const state = this.peers.find(peer.key);
    const taken =
      state !== undefined &&
      (type === 'ACK' ? this.reliability.acknowledge(state, mid) : this.reliability.reset(state, mid));
    if (!taken) this.complaints.add('unmatched', peer.address, type);
  }

  private piggybacked(message: ResponseMessage, peer: Peer): void {
    const exchange = this.peers.find(peer.key)?.exchange(tokenKey(message.token));
    if (exchange === undefined || exchange.mid !== message.mid) {
      this.complaints.add('unmatched', peer.address, 'piggybacked response');
      return;
    }
    this.peers.obtain(peer, this.clock.now());
    this.exchanges.answered(exchange, message);
  }

  /** A response of its own, or a notification. */
  private separate(message: ResponseMessage, peer: Peer, print: number): void {
    const now = this.clock.now();
    const known = this.peers.find(peer.key);
    const again = known === undefined ? undefined : this.deduplication.find(known, message, print, now);
    if (again !== undefined) {
      this.duplicates.value++;
      if (again.answer === 'ACK') this.outbox.empty('ACK', message.mid, peer);
      return;
    }
    const key = tokenKey(message.token);
    const observation = this.requesting.observations.find(key);
    const exchange = known?.exchange(key);
    // While an observation is being cancelled, its token stands for both.
    const forExchange = exchange !== undefined && !(observation !== undefined && message.options.observe !== undefined);
    if (!forExchange && observation?.takesFrom(peer) !== true) {
      this.unmatched(message, peer);
    } else if (message.options.bad !== undefined) {
      this.complaints.add('bad_options', peer.address, message.options.bad);
      if (message.type === 'CON') this.reject(message.mid, peer);
      if (forExchange) this.exchanges.answered(exchange, message);
    } else {
      const state = this.peers.obtain(peer, now);
      this.accept(state, message, print, now);
      if (forExchange) this.exchanges.answered(exchange, message);
      else observation?.notified(message, peer);
    }
  }

  /** Acknowledges a response, now and whenever it is repeated. */
  private accept(state: PeerState, message: ResponseMessage, print: number, now: number): void {
    const received = this.deduplication.begin(state, message, print, now);
    if (message.type === 'CON') this.outbox.empty('ACK', message.mid, state.peer);
    this.deduplication.done(received, message.type === 'CON' ? 'ACK' : 'nothing');
  }

  /**
   * A response to nothing that is known here. The reset ends an observation at a peer that goes on with it
   * [RFC 7641 3.6]; other non-confirmable responses are ignored [RFC 7252 4.3].
   */
  private unmatched(message: ResponseMessage, peer: Peer): void {
    this.complaints.add('unmatched', peer.address, message.options.observe === undefined ? 'response' : 'notification');
    if (message.type === 'CON' || message.options.observe !== undefined) this.reject(message.mid, peer);
  }

  private reject(mid: number, peer: Peer): void {
    this.resets.value++;
    this.outbox.empty('RST', mid, peer);
  }
}

function notRunning(): ExchangeError {
  return new ExchangeError('CANCELLED', 'the endpoint is not running');
}
