import { readFileSync } from 'node:fs';
import { EmbeddedBroker } from '../broker/embedded.js';
import { type ListenerTls, MqttListener } from '../broker/listeners.js';
import type { BrokerConfig, TlsConfig } from '../config/config.js';
import type { Store } from '../store/store.js';
import type { Access } from './access.js';
import type { Around } from './around.js';

/** The embedded broker as configured. */
export function embeddedBroker(
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

/** Where MQTT clients connect to it. The files of TLS are read here; one that cannot be read is an error of its own. */
export function mqttListeners(config: BrokerConfig, { log, metrics }: Around): MqttListener[] {
  const { listeners, maxConnections, maxPacketSize: maxPacketBytes } = config;
  const tls = listeners.tls.length + listeners.wss.length === 0 ? undefined : listenerTls(config.tls);
  const kinds = ['tcp', 'tls', 'ws', 'wss'] as const;
  return kinds.flatMap((kind) =>
    listeners[kind].map((listener) => {
      const options = { kind, ...listener, maxConnections, maxPacketBytes, ...(tls === undefined ? {} : { tls }) };
      return new MqttListener(options, log.child({ part: 'broker' }), metrics);
    }),
  );
}

function listenerTls({ certFile = '', keyFile = '', caFile, verifyPeer }: TlsConfig): ListenerTls {
  const ca = caFile === undefined ? {} : { ca: readFileSync(caFile) };
  return { cert: readFileSync(certFile), key: readFileSync(keyFile), ...ca, verifyPeer };
}
