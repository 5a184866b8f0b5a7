import { BlockList, isIPv6 } from 'node:net';
import type { BrokerPort } from '../broker/port.js';
import type { SnConfig } from '../config/config.js';
import type { Listener } from '../config/units.js';
import type { DatagramPort, Peer } from '../core/datagram.js';
import { Discovery } from '../mqttsn/discovery.js';
import { Journal } from '../mqttsn/journal.js';
import type { SnOptions } from '../mqttsn/options.js';
import { SearchDoor } from '../mqttsn/search-door.js';
import { SnServer } from '../mqttsn/server.js';
import { UdpPort } from '../net/udp.js';
import type { Store } from '../store/store.js';
import type { Around } from './around.js';

/** How long to leave a device alone that reports congestion, ms: T_WAIT, "greater than 5 minutes" [SN 7.2]. */
const congestionWaitMs = 301_000;

/** The UDP ports of MQTT-SN. Groups are joined, and broadcasts sent, on the first one of the right family. */
export function snPorts(config: SnConfig, { log, metrics }: Around): UdpPort[] {
  return config.listeners.udp.map(({ host, port }, index, all) => {
    const first = all.findIndex((other) => isIPv6(other.host) === isIPv6(host)) === index;
    const groups = first ? config.multicastGroups.filter((group) => isIPv6(group) === isIPv6(host)) : [];
    const broadcast = first && config.broadcastAddress !== undefined && !isIPv6(host);
    return new UdpPort({ host, port, groups, broadcast, keyPrefix: index === 0 ? '' : `${index}/` }, log, metrics);
  });
}

/** What is below the DTLS ports of MQTT-SN: UDP that also joins the groups and answers those who search there. */
export function snBelowDtls(config: SnConfig): (address: Listener, around: Around) => DatagramPort {
  return ({ host, port }, { log, metrics }) => {
    const groups = config.multicastGroups.filter((group) => isIPv6(group) === isIPv6(host));
    return new SearchDoor(new UdpPort({ host, port, groups }, log, metrics), config.gatewayId);
  };
}

/** The MQTT-SN server as configured. */
export function snServer(
  config: SnConfig,
  ports: { readonly udp: readonly UdpPort[]; readonly dtls: readonly DatagramPort[] },
  broker: BrokerPort,
  store: Store,
  around: Around,
): SnServer {
  const log = around.log.child({ part: 'mqttsn' });
  const groups = { ...config, broadcastAddress: undefined };
  const gwInfoAudience = (): readonly Peer[] => (config.gwinfoMulticast ? snAudience(groups, ports.udp) : []);
  const options = { ...snOptions(config), gwInfoAudience };
  return new SnServer([...ports.udp, ...ports.dtls], broker, options, { ...around, log }, new Journal(store));
}

/** The announcements of the gateway. */
export function snDiscovery(config: SnConfig, { clock }: Around): Discovery {
  const { gatewayId, advertiseDurationSeconds } = config;
  return new Discovery(clock, { gatewayId, advertiseSeconds: advertiseDurationSeconds, random: Math.random });
}

/** To whom the gateway is announced: groups and a broadcast address, through ports of their family that are started. */
export function snAudience(
  config: Pick<SnConfig, 'broadcastAddress' | 'multicastGroups'>,
  ports: readonly UdpPort[],
): Peer[] {
  const { broadcastAddress, multicastGroups } = config;
  const hosts = broadcastAddress === undefined ? multicastGroups : [broadcastAddress, ...multicastGroups];
  return hosts.flatMap((host) => {
    const port = ports.find((candidate) => isIPv6(candidate.host) === isIPv6(host));
    return port === undefined ? [] : [port.peer(host, port.port)];
  });
}

function snOptions(config: SnConfig): Omit<SnOptions, 'gwInfoAudience'> {
  return {
    gatewayId: config.gatewayId,
    session: {
      retryIntervalMs: config.retryIntervalMs,
      retryCount: config.retryCount,
      maxInflight: config.maxInflight,
      queueLimit: config.sleepQueueLimit,
      maxTopics: config.maxTopics,
      idleTimeoutMs: config.idleTimeoutMs,
      sessionExpiryMs: config.sessionExpiryMs,
      congestionWaitMs,
      random: Math.random,
    },
    enableQos3: config.enableQos3,
    maxClientIdLength: config.maxClientIdLength,
    maxSessions: config.maxSessions,
    unboundPerSecond: config.strangerRate,
    mountpoint: config.mountpoint,
    credentials: config.credentials ?? {},
    clientCredentials: config.credentialsByClient,
    predefined: config.predefinedTopics.all,
    clientPredefined: config.predefinedTopics.byClient,
    bindIdentity: config.dtls.bindIdentity,
    mayForward: forwarderRule(config),
  };
}

function forwarderRule({ forwarders }: SnConfig): (host: string) => boolean {
  if (forwarders === 'any') return () => true;
  if (forwarders === 'none') return () => false;
  const list = new BlockList();
  for (const { address, prefix, family } of forwarders) list.addSubnet(address, prefix, family);
  return (host) => list.check(host, isIPv6(host) ? 'ipv6' : 'ipv4');
}
