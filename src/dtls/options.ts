import type { AlertName } from './alert.js';

/** A pre-shared key and what it entitles to. */
export interface Psk {
  readonly key: Buffer;
  /** The only endpoint name or client id the holder may use, if it is not the identity itself. */
  readonly endpoint?: string;
}

/** Finds pre-shared keys; the answer may come later. */
export interface PskSource {
  lookup(identity: Buffer): Psk | undefined | Promise<Psk | undefined>;
  /** Calls back with identities whose key has changed or gone, so that what was made with it ends. */
  onRevoked?(listener: (identities: readonly Buffer[]) => void): void;
}

/** A raw public key that is trusted [RFC 7250]. */
export interface TrustedKey {
  /** DER of the SubjectPublicKeyInfo, or PEM of the public key. */
  readonly key: Buffer | string;
  /** The only endpoint name or client id its holder may use. */
  readonly endpoint?: string;
}

/** With what the endpoint proves itself, and what it takes from clients. */
export interface DtlsCredentials {
  readonly psk?: PskSource;
  /** Hint sent with PSK suites; most clients ignore it. */
  readonly pskHint?: string;
  /** The server's private key, PEM, and its certificate chain, PEM, leaf first. Without chain: raw public key only. */
  readonly key?: string;
  readonly certificate?: string;
  /** Present the server's key as a raw public key to clients that ask for it. Default: when keys are trusted. */
  readonly offerRawPublicKey?: boolean;
  /** Trusted roots for client certificates, PEM, any number. */
  readonly ca?: string;
  readonly trustedKeys?: readonly TrustedKey[];
  /** Whether clients are asked for a certificate or raw key (EMQX: `verify = verify_peer`). Default: no. */
  readonly verify?: boolean;
  /** Whether a client that has none is refused. Default: no. */
  readonly failIfNoPeerCert?: boolean;
}

/** Bounds on what peers may cost. */
export interface DtlsLimits {
  /** Handshakes in progress, in all and from one source (an IPv4 address or an IPv6 /64). */
  readonly handshakes: number;
  readonly handshakesPerSource: number;
  /** New handshakes per second, sustained, in all and from one source; bursts of twice as many. */
  readonly handshakeRate: number;
  readonly handshakeRatePerSource: number;
  /** Bytes of unfinished handshake messages one handshake may hold. */
  readonly handshakeBytes: number;
  /** How long a handshake may take. */
  readonly handshakeMs: number;
  readonly sessions: number;
  /** A session silent for so long may give way to a new one when there are too many. */
  readonly staleMs: number;
  /** A session silent for so long is dropped. */
  readonly idleMs: number;
  /** Sessions kept for resumption, and for how long. */
  readonly resumable: number;
  readonly resumableMs: number;
  /** Forged records after which a session's keys are given up. */
  readonly forgedRecords: number;
}

/** When flights are sent again. */
export interface DtlsTimers {
  readonly firstMs: number;
  readonly maxMs: number;
  /** How often at most. */
  readonly resends: number;
}

/** Everything about a DTLS endpoint. */
export interface DtlsOptions {
  /** For logs and in the keys of peers; differs between the endpoints of a process. */
  readonly name: string;
  readonly credentials: DtlsCredentials;
  /** OpenSSL's or IANA's names, the preferred first. Default: all there are. */
  readonly ciphers?: readonly string[];
  /** Length of the connection ids given to clients, 0 to 32; 0 gives none but uses theirs. Default 8. */
  readonly cidLength?: number;
  /** Tell a client that its PSK identity is unknown, instead of letting it fail as a wrong key does. Default: no. */
  readonly tellUnknownIdentity?: boolean;
  /** The longest datagram of a handshake, bytes of UDP payload. Default 1200. */
  readonly mtu?: number;
  readonly limits?: Partial<DtlsLimits>;
  readonly timers?: Partial<DtlsTimers>;
}

/** Why a handshake or a session was refused or has ended. */
export interface Ending {
  /** For the log: one plain phrase, never with a secret. */
  readonly reason: string;
  /** What the peer was told, if anything. */
  readonly alert?: AlertName;
  /** The identity claimed, if one was. */
  readonly identity?: string;
}

/** The limits when nothing else is said. */
export const defaultLimits: DtlsLimits = {
  handshakes: 4000,
  handshakesPerSource: 1000,
  handshakeRate: 1000,
  handshakeRatePerSource: 200,
  handshakeBytes: 16_384,
  handshakeMs: 60_000,
  sessions: 150_000,
  staleMs: 30 * 60_000,
  idleMs: 7 * 24 * 3600_000,
  resumable: 150_000,
  resumableMs: 48 * 3600_000,
  forgedRecords: 2 ** 22,
};

/** Timers when nothing else is said: those of RFC 6347 4.2.4.1, with fewer resends. */
export const defaultTimers: DtlsTimers = { firstMs: 1000, maxMs: 60_000, resends: 5 };
