import { randomBytes } from 'node:crypto';
import type { BrokerPort } from '../broker/port.js';
import { Endpoint } from '../coap/endpoint.js';
import type { Lwm2mConfig } from '../config/config.js';
import type { DatagramPort } from '../core/datagram.js';
import { pooledRandom } from '../core/random.js';
import { Journal } from '../lwm2m/journal.js';
import { ObjectRegistry } from '../lwm2m/objects/object-registry.js';
import { defaultLwm2mOptions, type Lwm2mOptions } from '../lwm2m/options.js';
import { Lwm2mServer } from '../lwm2m/server.js';
import { UdpPort } from '../net/udp.js';
import type { Store } from '../store/store.js';
import type { Around } from './around.js';
import type { OwnLinks } from './broker.js';

/** What /.well-known/core tells [LWM2M 6.2]. */
const links = ['</rd>;rt="core.rd"', '</dp>'];

/** Devices on a fast network answer sooner; who answers later is not held up by so little. */
const keepAfterMs = 20;

/** Object definitions, read again when their folder changes. */
export function objectRegistry({ xmlDir }: Lwm2mConfig, { clock, log }: Around): ObjectRegistry {
  return new ObjectRegistry({ directory: xmlDir, log: log.child({ part: 'lwm2m' }), clock, watch: true });
}

/** The UDP ports of LwM2M. */
export function lwm2mPorts(config: Lwm2mConfig, { log, metrics }: Around): UdpPort[] {
  const { receiveBuffer, sendBuffer } = config;
  const buffers = {
    ...(receiveBuffer === undefined ? {} : { receiveBuffer }),
    ...(sendBuffer === undefined ? {} : { sendBuffer }),
  };
  return config.listeners.udp.map(
    ({ host, port }, index) =>
      new UdpPort({ host, port, gather: true, ...buffers, keyPrefix: index === 0 ? '' : `${index}/` }, log, metrics),
  );
}

/** The LwM2M server as configured. */
export function lwm2mServer(
  config: Lwm2mConfig,
  ports: readonly DatagramPort[],
  definitions: ObjectRegistry,
  broker: BrokerPort,
  own: OwnLinks,
  store: Store,
  around: Around,
): Lwm2mServer {
  const log = around.log.child({ part: 'lwm2m' });
  const endpoints = ports.map((port) => new Endpoint({ ...around, log, port }, { links }));
  const options: Lwm2mOptions = {
    ...lwm2mOptions(config),
    gatewayClientId: own.lwm2mClientId,
    ...(own.credentials === undefined ? {} : { gatewayCredentials: own.credentials }),
    // A command reaches the gateway that has the device, and the others know nothing of it.
    commandSubscription: own.shared ? 'device' : 'gateway',
    answerUnregistered: !own.shared,
    // A broker elsewhere hands over the next command when the one before is safe.
    keepAfterMs: broker.keepsSessions ? 0 : keepAfterMs,
  };
  return new Lwm2mServer({
    ...around,
    log,
    options,
    endpoints,
    broker,
    definitions,
    journal: new Journal(store),
    randomBytes: pooledRandom(randomBytes),
  });
}

function lwm2mOptions(config: Lwm2mConfig): Lwm2mOptions {
  return {
    ...defaultLwm2mOptions,
    lifetimeMinSeconds: config.lifetimeMinSeconds,
    lifetimeMaxSeconds: config.lifetimeMaxSeconds,
    mountpoint: config.mountpoint,
    topics: config.topics,
    commandTimeoutMs: config.commandTimeoutMs,
    queueLimit: config.queueLimit,
    queueTtlMs: config.queueTtlMs,
    autoObserve: config.autoObserve,
    qmodeTimeWindowMs: config.qmodeTimeWindowMs,
    bindIdentity: config.dtls.bindIdentity,
    rebindOnUdp: config.rebindOnUdp,
    publishedParameters: config.publishedParameters,
    psmApns: config.psmApns,
    updatePublishCondition: config.updatePublishCondition,
  };
}
