import { accessRule } from '../broker/auth.js';
import { EmbeddedBroker } from '../broker/embedded.js';
import { MqttListener } from '../broker/listeners.js';
import type { BrokerConfig } from '../config/config.js';
import type { Around } from './around.js';

/** The embedded broker as configured. */
export function embeddedBroker(config: BrokerConfig, { log, metrics }: Around): EmbeddedBroker {
  const options = {
    authenticator: accessRule(config.allowAnonymous),
    maxClientIdLength: config.maxClientIdLength,
  };
  return new EmbeddedBroker(options, log.child({ part: 'broker' }), metrics);
}

/** Where MQTT clients connect to it. */
export function mqttListeners(config: BrokerConfig, { log }: Around): MqttListener[] {
  const limits = { maxConnections: config.maxConnections, maxPacketBytes: config.maxPacketSize };
  return config.listeners.tcp.map(
    (listener) => new MqttListener({ kind: 'tcp', ...listener, ...limits }, log.child({ part: 'broker' })),
  );
}
