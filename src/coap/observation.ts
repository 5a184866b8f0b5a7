import type { Clock } from '../core/clock.js';
import type { Peer } from '../core/datagram.js';
import type { Complaints } from './complaints.js';
import type { Download } from './download.js';
import type { ResponseMessage } from './message.js';
import { NOTIFICATION_FRESHNESS_MS } from './parameters.js';
import { toResponse } from './response.js';
import { keyToken } from './tokens.js';
import type { CoapResponse, ExchangeError, NotificationListener, Observation, OutgoingRequest } from './types.js';

/** When a notification came and the number it had. */
export interface Arrival {
  readonly sequence: number;
  readonly at: number;
}

const half = 2 ** 23;

/** Whether a notification is newer than the newest so far, by its number or because much time has passed [RFC 7641 3.4]. */
export function isFresh(newest: Arrival, next: Arrival): boolean {
  const v1 = newest.sequence;
  const v2 = next.sequence;
  return (v1 < v2 && v2 - v1 < half) || (v1 > v2 && v1 - v2 > half) || next.at > newest.at + NOTIFICATION_FRESHNESS_MS;
}

/** What an observation needs of the side that makes requests. */
export interface ObservationRequests {
  /** Cancels at the peer; resolves with its answer. */
  cancelAt(peer: Peer, request: OutgoingRequest, key: string): Promise<CoapResponse>;
  /** Fetches what is missing of a notification that came as a first block. */
  complete(
    peer: Peer,
    request: OutgoingRequest,
    message: ResponseMessage,
    done: (response: CoapResponse) => void,
    failed: (error: ExchangeError) => void,
  ): Download;
}

/** Who waits for the first response of an observation. */
export interface FirstResponse {
  resolve(response: CoapResponse): void;
  reject(error: ExchangeError): void;
}

/** One observation of ours. */
export class ObservationEntry implements Observation {
  /** The token, as a key. */
  readonly key: string;
  request: OutgoingRequest;
  /** Where the last notification came from. */
  peer: Peer;
  private readonly table: Observations;
  private readonly listener: NotificationListener;
  /** The newest notification: its number, -1 before the first, and when it came. Not an object: there are very many. */
  private newestSequence = -1;
  private newestAt = 0;
  private download: Download | undefined;
  private first: FirstResponse | undefined;
  private cancelled: Promise<CoapResponse> | undefined;

  constructor(table: Observations, key: string, peer: Peer, request: OutgoingRequest, listener: NotificationListener) {
    this.table = table;
    this.key = key;
    this.peer = peer;
    this.request = request;
    this.listener = listener;
  }

  get token(): Buffer {
    return keyToken(this.key);
  }

  cancel(): Promise<CoapResponse> {
    if (this.cancelled === undefined) {
      this.download?.cancel();
      // Until the peer has answered, its notifications are still acknowledged, and dropped.
      this.cancelled = this.table.requests
        .cancelAt(this.peer, this.request, this.key)
        .finally(() => this.table.delete(this));
    }
    return this.cancelled;
  }

  forget(): void {
    this.download?.cancel();
    this.table.delete(this);
  }

  /** Takes up where another of the same token ends. */
  goOnFrom(other: ObservationEntry | undefined): void {
    if (other === undefined) return;
    this.newestSequence = other.newestSequence;
    this.newestAt = other.newestAt;
  }

  /** Whether a notification from this peer is meant for it. */
  takesFrom(peer: Peer): boolean {
    return this.listener.owns?.(peer) ?? peer.key === this.peer.key;
  }

  /** The response that has established it. */
  establish(message: ResponseMessage, peer: Peer, first: FirstResponse): void {
    this.first = first;
    this.notified(message, peer);
  }

  /** A notification has come, or its first block. */
  notified(message: ResponseMessage, peer: Peer): void {
    if (this.cancelled !== undefined) return;
    const { observe } = message.options;
    if (observe === undefined || !message.code.startsWith('2')) {
      // The peer has ended it [RFC 7641 3.2, 4.2].
      this.table.delete(this);
    } else {
      const arrival = { sequence: observe, at: this.table.clock.now() };
      const newest = { sequence: this.newestSequence, at: this.newestAt };
      if (newest.sequence >= 0 && !isFresh(newest, arrival)) return;
      this.newestSequence = arrival.sequence;
      this.newestAt = arrival.at;
    }
    // Of peers that are the same, the one that is kept elsewhere too.
    if (this.peer.key !== peer.key) this.peer = peer;
    // A newer state makes the rest of an older one worthless.
    this.download?.cancel();
    this.download = undefined;
    if (message.options.block2?.more !== true) this.deliver(toResponse(message));
    else this.fetch(peer, message);
  }

  private fetch(peer: Peer, message: ResponseMessage): void {
    this.download = this.table.requests.complete(
      peer,
      this.request,
      message,
      (response) => this.deliver(response),
      (error) => this.lost(error),
    );
  }

  private deliver(response: CoapResponse): void {
    const { first } = this;
    this.first = undefined;
    if (first !== undefined) {
      first.resolve(response);
      return;
    }
    try {
      this.listener.notified(response);
    } catch (error) {
      this.table.complaints.add('callback_errors', this.peer.address, error);
    }
  }

  private lost(error: ExchangeError): void {
    const { first } = this;
    this.first = undefined;
    if (first === undefined) {
      this.table.complaints.add('transfers', this.peer.address, error);
    } else {
      this.table.delete(this);
      first.reject(error);
    }
  }
}

/** All observations of ours, by token alone: the peer's address may change under them. */
export class Observations {
  readonly clock: Clock;
  readonly complaints: Complaints;
  readonly requests: ObservationRequests;
  private readonly entries = new Map<string, ObservationEntry>();

  constructor(clock: Clock, complaints: Complaints, requests: ObservationRequests) {
    this.clock = clock;
    this.complaints = complaints;
    this.requests = requests;
  }

  get size(): number {
    return this.entries.size;
  }

  find(key: string): ObservationEntry | undefined {
    return this.entries.get(key);
  }

  /** Adds an observation. It takes the place of one of the same token, and goes on from its newest notification. */
  add(key: string, peer: Peer, request: OutgoingRequest, listener: NotificationListener): ObservationEntry {
    const entry = new ObservationEntry(this, key, peer, request, listener);
    entry.goOnFrom(this.entries.get(key));
    this.entries.set(key, entry);
    return entry;
  }

  delete(entry: ObservationEntry): void {
    if (this.entries.get(entry.key) === entry) this.entries.delete(entry.key);
  }

  clear(): void {
    this.entries.clear();
  }
}
