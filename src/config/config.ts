import type { AutoObserve, ForwarderPolicy } from './protocol-types.js';
import type { Listener } from './units.js';

/** Everything that can be configured: whole, checked, in one unit per field, frozen. */
export interface Config {
  readonly broker: BrokerConfig;
  readonly store: StoreConfig;
  readonly admin: AdminConfig;
  readonly log: LogConfig;
  readonly sn: SnConfig;
  readonly lwm2m: Lwm2mConfig;
}

/** The broker between devices and applications. */
export interface BrokerConfig {
  readonly mode: 'embedded' | 'external';
  /** Present in external mode. */
  readonly url: string | undefined;
  readonly external: ExternalBrokerConfig;
  /** Of `$SYS/broker/`; undefined: never. */
  readonly sysIntervalSeconds: number | undefined;
  /** Of the embedded broker. */
  readonly listeners: {
    readonly tcp: readonly Listener[];
    readonly tls: readonly Listener[];
    readonly ws: readonly Listener[];
    readonly wss: readonly Listener[];
  };
  readonly tls: TlsConfig;
  readonly allowAnonymous: boolean;
  readonly passwordFile: string | undefined;
  readonly aclFile: string | undefined;
  readonly maxConnections: number;
  /** Bytes. */
  readonly maxPacketSize: number;
  /** Bytes. */
  readonly maxClientIdLength: number;
  /** Messages per client. */
  readonly queueLimit: number;
  /** Undefined: for ever. */
  readonly queueTtlSeconds: number | undefined;
  /** Undefined: for ever. */
  readonly retainedExpirySeconds: number | undefined;
}

/** How the gateway meets an external broker. */
export interface ExternalBrokerConfig {
  readonly version: 'auto' | '5' | '3.1.1';
  /** Template with `%c`. */
  readonly clientId: string;
  /** Templates. */
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Undefined: made up at the start. */
  readonly gatewayName: string | undefined;
  /** Per second. */
  readonly connectRate: number;
  readonly keepAliveSeconds: number;
  readonly sessionExpirySeconds: number;
  /** Undefined: nothing is told. */
  readonly statsTopic: string | undefined;
  readonly tls: TlsConfig;
}

/** Credentials of TLS with MQTT, and whether the other side has to show some; absolute paths. */
export interface TlsConfig {
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly caFile: string | undefined;
  readonly verifyPeer: boolean;
}

/** What survives a restart. */
export interface StoreConfig {
  /** Absolute. */
  readonly dir: string;
}

/** The HTTP side. */
export interface AdminConfig {
  readonly listeners: readonly Listener[];
}

/** What is logged, and how. */
export interface LogConfig {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';
  /** `auto`: pretty on a terminal, JSON elsewhere. */
  readonly format: 'auto' | 'json' | 'pretty';
}

/** Where a protocol over datagrams listens. `dtls` is empty unless a credential is configured. */
export interface DatagramListeners {
  readonly udp: readonly Listener[];
  readonly dtls: readonly Listener[];
}

/** Credentials and rules of DTLS; absolute paths. */
export interface DtlsConfig {
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly caFile: string | undefined;
  readonly pskFile: string | undefined;
  readonly verifyPeer: boolean;
  readonly failIfNoPeerCert: boolean;
  /** Suites as they were named; undefined: all. Never together with `pskCiphers`. */
  readonly ciphers: readonly string[] | undefined;
  readonly pskCiphers: readonly string[] | undefined;
  /** Bytes, 0..32. */
  readonly cidLength: number;
  readonly bindIdentity: 'on' | 'off' | 'cn';
  readonly sessionStore: boolean;
}

/** A user name and password at the broker. */
export interface Credentials {
  readonly username: string;
  readonly password: string | undefined;
}

/** MQTT-SN. */
export interface SnConfig {
  readonly listeners: DatagramListeners;
  readonly dtls: DtlsConfig;
  /** 0..255. */
  readonly gatewayId: number;
  /** 1..65535. */
  readonly advertiseDurationSeconds: number;
  readonly broadcastAddress: string | undefined;
  readonly multicastGroups: readonly string[];
  /** Whether SEARCHGW is answered to the groups too. */
  readonly gwinfoMulticast: boolean;
  readonly predefinedTopics: PredefinedTopics;
  /** Per client. */
  readonly maxTopics: number;
  /** In front of every topic on the broker's side, with `%c` and `%u`; may be empty. */
  readonly mountpoint: string;
  readonly idleTimeoutMs: number;
  readonly sessionExpiryMs: number;
  readonly maxSessions: number;
  /** Bytes. */
  readonly maxClientIdLength: number;
  /** Messages per client. */
  readonly sleepQueueLimit: number;
  readonly enableStats: boolean;
  /** Whether QoS -1 is taken. */
  readonly enableQos3: boolean;
  readonly retryIntervalMs: number;
  /** Repetitions after the first sending. */
  readonly retryCount: number;
  readonly maxInflight: number;
  /** Of clients that have none of their own. */
  readonly credentials: Credentials | undefined;
  readonly credentialsByClient: ReadonlyMap<string, Credentials>;
  readonly forwarders: ForwarderPolicy;
  /** Packets outside of a session answered per second and source address. */
  readonly strangerRate: number;
}

/** Names of predefined topic ids, 1..65534. */
export interface PredefinedTopics {
  readonly all: ReadonlyMap<number, string>;
  /** By client id; goes before `all`. */
  readonly byClient: ReadonlyMap<string, ReadonlyMap<number, string>>;
}

/** LwM2M, and CoAP below it. */
export interface Lwm2mConfig {
  readonly listeners: DatagramListeners;
  readonly dtls: DtlsConfig;
  /** Bytes; undefined: as the system has them. */
  readonly receiveBuffer: number | undefined;
  readonly sendBuffer: number | undefined;
  /** Folder of object definitions, absolute. */
  readonly xmlDir: string;
  readonly lifetimeMinSeconds: number;
  readonly lifetimeMaxSeconds: number;
  readonly updatePublishCondition: 'contains_object_list' | 'always';
  readonly autoObserve: AutoObserve;
  /** Whether a registration over plain UDP may move to another address. */
  readonly rebindOnUdp: boolean;
  /** Parameters of a registration that may be published beside the usual ones. */
  readonly publishedParameters: readonly string[];
  /** Access points whose devices sleep although they do not say so. */
  readonly psmApns: readonly string[];
  readonly commandTimeoutMs: number;
  /** How long a device in queue mode listens after its last packet. */
  readonly qmodeTimeWindowMs: number;
  /** Commands per device. */
  readonly queueLimit: number;
  readonly queueTtlMs: number;
  /** In front of every topic; may be empty. `%e` is the endpoint name, `%a` the IP address. */
  readonly mountpoint: string;
  /** One set, or two that are used at the same time. */
  readonly topics: readonly TopicSet[];
}

/** Topics of LwM2M on MQTT, below the mountpoint; `%e` and `%a` as there. */
export interface TopicSet {
  /** How events are written here. Commands of either dialect are understood on any set. */
  readonly dialect: 'cmdid' | 'msgtype';
  /** A filter. */
  readonly command: string;
  readonly response: string;
  readonly notify: string;
  /** Absent: registrations are not published on this set. */
  readonly register?: string;
  readonly update?: string;
}
