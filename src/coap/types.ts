import type { Peer } from '../core/datagram.js';
import { IsthmusError } from '../core/errors.js';

/** Request methods [RFC 7252 5.8] [RFC 8132]. */
export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'FETCH' | 'PATCH' | 'iPATCH';

/** A response code as people write it: `2.05`. */
export type ResponseCode = `${2 | 4 | 5}.${string}`;

/** A request, whole: block-wise transfer is below it. */
export interface CoapRequest {
  readonly method: Method;
  /** Uri-Path, one entry per segment, decoded. */
  readonly path: readonly string[];
  /** Uri-Query, one entry per option. */
  readonly query: readonly string[];
  readonly contentFormat?: number;
  readonly accept?: number;
  /** Observe option: 0 registers, 1 cancels. */
  readonly observe?: number;
  readonly payload: Buffer;
}

/** A response, whole. */
export interface CoapResponse {
  readonly code: ResponseCode;
  /** Location-Path, one entry per segment. */
  readonly location?: readonly string[];
  readonly contentFormat?: number;
  /** Observe option's sequence number. */
  readonly observe?: number;
  readonly maxAge?: number;
  readonly etag?: Buffer;
  readonly payload: Buffer;
}

/** What a server's handler gives back. */
export interface CoapReply extends Partial<CoapResponse> {
  readonly code: ResponseCode;
  /** Called when the reply has been handed to the network, for what must come after it (the first command to a device). */
  readonly sent?: () => void;
}

/** Answers a request. A rejection becomes 5.00. */
export type RequestHandler = (request: CoapRequest, peer: Peer) => CoapReply | Promise<CoapReply>;

/** Takes the response to a request of ours. */
export type ResponseTaker = (response: CoapResponse) => void;

/** Why a request of ours got no response. */
export type ExchangeFailure =
  | 'TIMEOUT' // no answer after all retransmissions, or none within the time given
  | 'RESET' // the peer does not know what we talk about
  | 'CANCELLED' // given up from this side
  | 'TOO_LARGE' // the body is beyond the limit, here or there
  | 'PROTOCOL'; // the answer makes no sense

/** A request of ours that got no response. */
export class ExchangeError extends IsthmusError {
  declare readonly code: ExchangeFailure;

  constructor(code: ExchangeFailure, message: string) {
    super(code, message);
  }
}

/** A request to a peer; what is left out is empty. */
export interface OutgoingRequest extends Partial<Omit<CoapRequest, 'method' | 'observe'>> {
  readonly method: Method;
  /** How long to wait for a response after the peer has acknowledged, ms; default 93,000 (MAX_TRANSMIT_WAIT). */
  readonly timeoutMs?: number;
  /**
   * The longest wait for the response to any one message of the request, its repetitions and all, ms; without it CoAP's
   * own patience, up to 93 s until it is acknowledged. A block-wise transfer is many messages.
   */
  readonly withinMs?: number;
  /** False sends it once, without acknowledgement or repetition; default true. */
  readonly confirmable?: boolean;
  /** Called once if the peer sends an empty ACK: it has the request and will answer later. */
  readonly acknowledged?: () => void;
}

/** Who gets the notifications of an observation. An object, for there is one for each of very many. */
export interface NotificationListener {
  /** A fresh notification, whole. */
  notified(response: CoapResponse): void;
  /** Whether a notification may come from this peer: a device's address may have moved. Absent: the one asked alone. */
  owns?(peer: Peer): boolean;
}

/** A relation in which the peer reports changes of a resource [RFC 7641]. */
export interface Observation {
  readonly token: Buffer;
  /** It may be replaced by another that says the same. */
  request: OutgoingRequest;
  /** Where the last notification came from. */
  readonly peer: Peer;
  /** Cancels actively: the same request with Observe 1 and the same token. Resolves with the peer's answer. */
  cancel(): Promise<CoapResponse>;
  /** Forgets it on this side; the next notification is answered with RST. */
  forget(): void;
}

/** One CoAP endpoint on one DatagramPort, client and server at once. */
export interface CoapEndpoint {
  start(handler: RequestHandler): Promise<void>;
  stop(): Promise<void>;
  /** The peer of this endpoint with this key, if it is still to be reached: for what was known before a restart. */
  peerAt(key: string): Peer | undefined;
  /**
   * Sends a request. Exactly one of both is called: `done` with the whole response of any code, as it comes; `failed`,
   * never before this has returned, with an ExchangeError, or a RangeError when the request does not fit a datagram.
   */
  ask(peer: Peer, request: OutgoingRequest, done: ResponseTaker, failed: (error: Error) => void): void;
  /**
   * Observes. Resolves with the first response; `observation` is absent when the peer answered without an Observe
   * option or with an error. The listener gets what follows.
   */
  observe(
    peer: Peer,
    request: OutgoingRequest,
    listener: NotificationListener,
  ): Promise<{ response: CoapResponse; observation?: Observation }>;
  /** Takes up an observation made before a restart, known by its token. */
  resume(peer: Peer, token: Buffer, request: OutgoingRequest, listener: NotificationListener): Observation;
  /** Gives up every exchange with a peer (`CANCELLED`) and forgets its message ids. */
  forget(peer: Peer): void;
}
