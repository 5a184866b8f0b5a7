import type { Clock } from '../core/clock.js';
import type { Peer } from '../core/datagram.js';
import type { Complaints } from './complaints.js';
import { Download } from './download.js';
import type { Exchanges } from './exchange.js';
import type { ResponseMessage } from './message.js';
import { type ObservationEntry, type ObservationRequests, Observations } from './observation.js';
import type { EndpointSettings } from './parameters.js';
import type { PeerTable } from './peers.js';
import { toResponse } from './response.js';
import { tokenKey } from './tokens.js';
import { awaitTurn, hasTurns } from './turns.js';
import type {
  CoapResponse,
  ExchangeError,
  NotificationListener,
  Observation,
  OutgoingRequest,
  ResponseTaker,
} from './types.js';
import { Upload, type UploadOptions } from './upload.js';

/** The first response of an observation, and the relation if the peer has agreed to it. */
export interface Observed {
  readonly response: CoapResponse;
  readonly observation?: Observation;
}

const plain: UploadOptions = {};

/** The client role: requests and observations, whole. */
export class Requesting implements ObservationRequests {
  readonly observations: Observations;
  private readonly clock: Clock;
  private readonly settings: EndpointSettings;
  private readonly peers: PeerTable;
  private readonly exchanges: Exchanges;

  constructor(
    clock: Clock,
    settings: EndpointSettings,
    peers: PeerTable,
    exchanges: Exchanges,
    complaints: Complaints,
  ) {
    this.clock = clock;
    this.settings = settings;
    this.peers = peers;
    this.exchanges = exchanges;
    this.observations = new Observations(clock, complaints, this);
  }

  /** `done` with the whole response, or `failed`; what cannot be encoded is thrown. */
  ask(peer: Peer, request: OutgoingRequest, done: ResponseTaker, failed: (error: ExchangeError) => void): void {
    this.whole(peer, request, plain, done, failed);
  }

  /** `key` is a token, as a key, that nothing uses yet. */
  observe(peer: Peer, request: OutgoingRequest, listener: NotificationListener, key: string): Promise<Observed> {
    return new Promise((resolve, reject) => {
      const first = (message: ResponseMessage): void => {
        if (message.options.observe === undefined || !message.code.startsWith('2')) {
          this.rest(peer, request, message, false, (response) => resolve({ response }), reject);
          return;
        }
        const observation = this.observations.add(key, peer, request, listener);
        observation.establish(message, peer, {
          resolve: (response) => resolve({ response, observation: this.stillThere(observation) }),
          reject,
        });
      };
      this.upload(peer, request, { observe: 0, key }, first, reject);
    });
  }

  cancelAt(peer: Peer, request: OutgoingRequest, key: string): Promise<CoapResponse> {
    return new Promise((resolve, reject) => this.whole(peer, request, { observe: 1, key }, resolve, reject));
  }

  complete(
    peer: Peer,
    request: OutgoingRequest,
    message: ResponseMessage,
    done: (response: CoapResponse) => void,
    failed: (error: ExchangeError) => void,
  ): Download {
    // The rest is fetched under another token: this one stays the notifications' own [RFC 7959 3.4].
    const to = this.peers.obtain(peer, this.clock.now());
    const whole = (message: ResponseMessage): void => done(toResponse(message));
    const download = new Download(this.exchanges, this.settings, to, request, undefined, whole, failed);
    download.start(message);
    return download;
  }

  private whole(
    peer: Peer,
    request: OutgoingRequest,
    how: UploadOptions,
    done: ResponseTaker,
    failed: (error: ExchangeError) => void,
  ): void {
    // An observation's token is for notifications; blocks go under another.
    const sameToken = how.key === undefined;
    const answered = (message: ResponseMessage): void => this.rest(peer, request, message, sameToken, done, failed);
    this.upload(peer, request, how, answered, failed);
  }

  /** Fetches what the first message of a response has left for others. */
  private rest(
    peer: Peer,
    request: OutgoingRequest,
    message: ResponseMessage,
    sameToken: boolean,
    done: ResponseTaker,
    failed: (error: ExchangeError) => void,
  ): void {
    const { block2 } = message.options;
    if (block2 === undefined || (!block2.more && block2.num === 0)) {
      done(toResponse(message));
      return;
    }
    const to = this.peers.obtain(peer, this.clock.now());
    const key = sameToken ? tokenKey(message.token) : undefined;
    const whole = (message: ResponseMessage): void => done(toResponse(message));
    new Download(this.exchanges, this.settings, to, request, key, whole, failed).start(message);
  }

  private upload(
    peer: Peer,
    request: OutgoingRequest,
    how: UploadOptions,
    done: (message: ResponseMessage) => void,
    failed: (error: ExchangeError) => void,
  ): void {
    const to = this.peers.obtain(peer, this.clock.now());
    if (hasTurns(to)) {
      const start = (): void => this.upload(peer, request, how, done, failed);
      if (awaitTurn(to, request, { start, failed })) return;
    }
    new Upload(this.exchanges, this.settings, to, request, how, done, failed).start();
  }

  private stillThere(observation: ObservationEntry): Observation | undefined {
    return this.observations.find(observation.key) === observation ? observation : undefined;
  }
}
