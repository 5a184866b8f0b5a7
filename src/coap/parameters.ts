/** Times and counts of the protocol [RFC 7252 4.8], all in milliseconds. */
export const ACK_TIMEOUT_MS = 2000;
/** A first wait is spread from ACK_TIMEOUT to one and a half times it. */
export const ACK_RANDOM_SHARE = 0.5;
export const MAX_RETRANSMIT = 4;
/** From the first sending of a confirmable message to giving up on its acknowledgement, at most. */
export const MAX_TRANSMIT_WAIT_MS = 93_000;
/** How long a message id of a confirmable message stays taken. */
export const EXCHANGE_LIFETIME_MS = 247_000;
/** The same for a non-confirmable one. */
export const NON_LIFETIME_MS = 145_000;
/** A notification that arrives this long after the last is fresh whatever its number says [RFC 7641 3.4]. */
export const NOTIFICATION_FRESHNESS_MS = 128_000;

/** How often a block of a transfer under way is asked for anew after all its repetitions were lost. */
export const BLOCK_RETRIES = 1;

/** What a CoAP endpoint may be told; everything has a default. */
export interface EndpointOptions {
  /** Links for /.well-known/core, each one whole: `</rd>;rt="core.rd"`. */
  readonly links?: readonly string[];
  /** Largest block sent or asked for: 16, 32, ... 1024 bytes; default 1024. */
  readonly blockSize?: number;
  /** Largest body taken, here and there, in bytes; default 4 MiB. */
  readonly bodyLimit?: number;
  /** How long a handler may take until the request is acknowledged without its response; default 1000. */
  readonly processingDelayMs?: number;
  /**
   * Whether each block of a transfer of ours has a token of its own. Off by default: the specification allows both, and
   * some devices keep hold of a transfer by its token.
   */
  readonly tokenPerBlock?: boolean;
  readonly limits?: Partial<EndpointLimits>;
}

/** Bounds on what other people's datagrams can make an endpoint remember. */
export interface EndpointLimits {
  /** Peers of whom something is remembered; the one silent for longest goes first. */
  readonly peers: number;
  /** Message ids remembered per peer. */
  readonly messagesPerPeer: number;
  /** Bytes of replies kept for repetition, of all peers. */
  readonly replyBytes: number;
  /** Requests of one peer being handled; more are dropped, for the peer to repeat. */
  readonly handlingPerPeer: number;
  /** The same of all peers together. */
  readonly handling: number;
  /** Block-wise bodies of one peer in the making, each way. */
  readonly bodiesPerPeer: number;
  /** Bytes of block-wise bodies in the making of all peers, each way. */
  readonly bodyBytes: number;
}

const limits: EndpointLimits = {
  peers: 250_000,
  messagesPerPeer: 64,
  replyBytes: 64 * 1024 * 1024,
  handlingPerPeer: 64,
  handling: 20_000,
  bodiesPerPeer: 4,
  bodyBytes: 64 * 1024 * 1024,
};

/** Options with every default filled in. */
export interface EndpointSettings {
  readonly links: readonly string[];
  /** Block size as its exponent: 0 is 16 bytes, 6 is 1024. */
  readonly szx: number;
  readonly bodyLimit: number;
  readonly processingDelayMs: number;
  readonly tokenPerBlock: boolean;
  readonly limits: EndpointLimits;
}

/** Fills in the defaults. */
export function settingsOf(options: EndpointOptions = {}): EndpointSettings {
  return {
    links: options.links ?? [],
    szx: Math.min(6, Math.max(0, Math.floor(Math.log2((options.blockSize ?? 1024) / 16)))),
    bodyLimit: options.bodyLimit ?? 4 * 1024 * 1024,
    processingDelayMs: options.processingDelayMs ?? 1000,
    tokenPerBlock: options.tokenPerBlock ?? false,
    limits: { ...limits, ...options.limits },
  };
}
