import { readFileSync } from 'node:fs';
import type { SystemTopics } from '../admin/system-topics.js';
import { ConnectionRoom } from '../broker/connection-room.js';
import { EmbeddedBroker } from '../broker/embedded.js';
import type { ExternalBroker } from '../broker/external.js';
import { type ListenerTls, MqttListener } from '../broker/listeners.js';
import type { BrokerPort } from '../broker/port.js';
import type { BrokerConfig, TlsConfig } from '../config/config.js';
import type { Log } from '../core/log.js';
import type { GatewayCredentials } from '../lwm2m/gateway-link.js';
import { connectionsWithin, openFilesLimit } from '../net/open-files.js';
import type { Store } from '../store/store.js';
import type { Access } from './access.js';
import type { Around } from './around.js';
import { externalBroker, gatewayNameOf } from './external-broker.js';
import { type Devices, statsTopics, systemTopics } from './system-topics.js';

/** Something that runs from its start to its stop. */
export interface Part {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** As whom the gateway itself meets its broker. */
export interface OwnLinks {
  /** Whether other gateways meet the same broker. */
  readonly shared: boolean;
  readonly lwm2mClientId: string;
  /** Absent where the broker's own settings have them. */
  readonly credentials: GatewayCredentials | undefined;
}

/** The broker between devices and applications, whichever is configured. */
export interface BrokerSide {
  readonly broker: (store: Store) => BrokerPort & Part;
  readonly own: OwnLinks;
  /** Where MQTT clients come in; nowhere if the broker is elsewhere. */
  readonly doors: readonly (Part & { readonly name: string })[];
  /** What tells how it is, once it is made; nothing if nobody is to be told. */
  readonly systemTopics: (devices: Devices) => readonly SystemTopics[];
}

/** Reads the files that are named; one that cannot be read is an error of its own. */
export function brokerSide(config: BrokerConfig, access: Access, around: Around): BrokerSide {
  if (config.mode === 'external') {
    const name = gatewayNameOf(config);
    const own = { shared: true, lwm2mClientId: `${name}-lwm2m`, credentials: undefined };
    let broker: ExternalBroker | undefined;
    return {
      broker: (store) => (broker = externalBroker(config, name, store, around)),
      own,
      doors: [],
      systemTopics: (devices) => {
        const { sysIntervalSeconds: interval, external } = config;
        if (broker === undefined || interval === undefined || external.statsTopic === undefined) return [];
        return [statsTopics(interval, broker, devices, around)];
      },
    };
  }
  let broker: EmbeddedBroker | undefined;
  const listeners = mqttListeners(config, around);
  return {
    broker: (store) => (broker = embeddedBroker(config, access, store, around)),
    own: {
      shared: false,
      lwm2mClientId: 'isthmus-lwm2m',
      credentials: access.own,
    },
    doors: listeners.map((listener) => ({
      get name() {
        return listener.name;
      },
      start: () => listener.start((stream, request) => broker?.handleConnection(stream, request)),
      stop: () => listener.stop(),
    })),
    systemTopics: (devices) => {
      const { sysIntervalSeconds: interval } = config;
      if (broker === undefined || interval === undefined) return [];
      return [systemTopics(interval, { broker, listeners, ...devices }, around)];
    },
  };
}

/** The embedded broker as configured. */
function embeddedBroker(
  config: BrokerConfig,
  access: Access,
  store: Store,
  { clock, log, metrics }: Around,
): EmbeddedBroker {
  const { authenticator, authorizer } = access;
  const { maxClientIdLength, queueLimit, queueTtlSeconds, retainedExpirySeconds } = config;
  const bounds = { maxClientIdLength, queueLimit, queueTtlSeconds, retainedExpirySeconds };
  return new EmbeddedBroker(
    { authenticator, authorizer, store, clock, ...bounds },
    log.child({ part: 'broker' }),
    metrics,
  );
}

/** Where MQTT clients connect to it. */
function mqttListeners(config: BrokerConfig, around: Around): MqttListener[] {
  const { listeners, maxConnections, maxPacketSize: maxPacketBytes } = config;
  const log = around.log.child({ part: 'broker' });
  const room = new ConnectionRoom(roomFor(maxConnections, log), { ...around, log });
  const tls = listeners.tls.length + listeners.wss.length === 0 ? undefined : listenerTls(config.tls);
  const kinds = ['tcp', 'tls', 'ws', 'wss'] as const;
  return kinds.flatMap((kind) =>
    listeners[kind].map((listener) => {
      const options = { kind, ...listener, room, maxPacketBytes, ...(tls === undefined ? {} : { tls }) };
      return new MqttListener(options, log, around.metrics);
    }),
  );
}

/** As many connections as are configured, or as the process may have. */
function roomFor(maxConnections: number, log: Log): number {
  const openFiles = openFilesLimit();
  const possible = openFiles === undefined ? maxConnections : connectionsWithin(openFiles);
  if (possible >= maxConnections) return maxConnections;
  log.info({ openFiles, maxConnections }, `the limit of open files leaves room for ${possible} MQTT connections`);
  return possible;
}

function listenerTls({ certFile = '', keyFile = '', caFile, verifyPeer }: TlsConfig): ListenerTls {
  const ca = caFile === undefined ? {} : { ca: readFileSync(caFile) };
  return { cert: readFileSync(certFile), key: readFileSync(keyFile), ...ca, verifyPeer };
}
