import type { AdminConfig, BrokerConfig, ExternalBrokerConfig, LogConfig, StoreConfig } from './config.js';
import { isthmusKeys } from './isthmus-keys.js';
import type { Values } from './values.js';

/** What isthmus.conf says. */
export function isthmusConfig(values: Values): {
  broker: BrokerConfig;
  store: StoreConfig;
  admin: AdminConfig;
  log: LogConfig;
} {
  return {
    broker: brokerConfig(values),
    store: { dir: values.path(isthmusKeys.store.dir) },
    admin: { listeners: values.get(isthmusKeys.admin.listener) },
    log: { level: values.get(isthmusKeys.log.level), format: values.get(isthmusKeys.log.format) },
  };
}

function externalConfig(values: Values): ExternalBrokerConfig {
  const { brokerExternal: keys } = isthmusKeys;
  return {
    version: values.get(keys.version),
    clientId: values.get(keys.clientId),
    username: values.get(keys.username),
    password: values.get(keys.password),
    gatewayName: values.get(keys.gatewayName),
    connectRate: values.get(keys.connectRate),
    keepAliveSeconds: values.get(keys.keepAlive),
    sessionExpirySeconds: values.get(keys.sessionExpiry),
    statsTopic: values.get(keys.statsTopic),
    tls: {
      certFile: values.path(keys.certFile),
      keyFile: values.path(keys.keyFile),
      caFile: values.path(keys.caFile),
      verifyPeer: values.get(keys.verify),
    },
  };
}

function brokerConfig(values: Values): BrokerConfig {
  const { broker, brokerListeners, brokerTls, brokerAccess, brokerLimits } = isthmusKeys;
  return {
    mode: values.get(broker.mode),
    url: values.get(broker.url),
    external: externalConfig(values),
    sysIntervalSeconds: values.get(broker.sysInterval),
    listeners: {
      tcp: values.get(brokerListeners.tcp),
      tls: values.get(brokerListeners.tls),
      ws: values.get(brokerListeners.ws),
      wss: values.get(brokerListeners.wss),
    },
    tls: {
      certFile: values.path(brokerTls.certFile),
      keyFile: values.path(brokerTls.keyFile),
      caFile: values.path(brokerTls.caFile),
      verifyPeer: values.get(brokerTls.verify),
    },
    allowAnonymous: values.get(brokerAccess.allowAnonymous),
    passwordFile: values.path(brokerAccess.passwordFile),
    aclFile: values.path(brokerAccess.aclFile),
    maxConnections: values.get(brokerLimits.maxConnections),
    maxPacketSize: values.get(brokerLimits.maxPacketSize),
    maxClientIdLength: values.get(brokerLimits.maxClientIdLength),
    queueLimit: values.get(brokerLimits.queueLimit),
    queueTtlSeconds: values.get(brokerLimits.queueTtl),
    retainedExpirySeconds: values.get(brokerLimits.retainedExpiry),
  };
}
