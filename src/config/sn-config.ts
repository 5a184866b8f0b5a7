import type { Credentials, PredefinedTopics, SnConfig } from './config.js';
import { dtlsClaims, listenersOf, udpClaims } from './datagram-listeners.js';
import { dtlsConfig, hasCredential } from './dtls-config.js';
import type { Features } from './features.js';
import type { Problems } from './problem.js';
import { snKeys } from './sn-keys.js';
import type { Values } from './values.js';

/** What emqx_sn.conf says. */
export function snConfig(values: Values, built: Features, problems: Problems): SnConfig {
  const { listening, discovery, topics, sessions, delivery, access } = snKeys;
  const dtls = dtlsConfig(values, snKeys.dtls);
  const withDtls = built.dtls && hasCredential(dtls);
  return {
    listeners: listenersOf(udpClaims(values, listening), withDtls ? dtlsClaims(values, listening, false) : []),
    dtls,
    gatewayId: values.get(discovery.gatewayId),
    advertiseDurationSeconds: values.get(discovery.advertiseDuration),
    broadcastAddress: values.get(discovery.broadcastAddress),
    multicastGroups: values.get(discovery.multicastGroup) ?? [],
    gwinfoMulticast: values.get(discovery.gwinfoMulticast),
    predefinedTopics: predefinedTopics(values, problems),
    maxTopics: values.get(topics.maxTopics),
    mountpoint: values.get(topics.mountpoint),
    idleTimeoutMs: values.get(sessions.idleTimeout),
    sessionExpiryMs: values.get(sessions.sessionExpiry),
    maxSessions: values.get(sessions.maxSessions),
    maxClientIdLength: values.get(sessions.maxClientIdLength),
    sleepQueueLimit: values.get(sessions.sleepQueueLimit),
    enableStats: values.get(sessions.enableStats),
    enableQos3: values.get(sessions.enableQos3),
    retryIntervalMs: values.get(delivery.retryInterval),
    retryCount: values.get(delivery.retryCount),
    maxInflight: values.get(delivery.maxInflight),
    credentials: credentials(values, problems),
    credentialsByClient: credentialsByClient(values, problems),
    forwarders: values.get(access.forwarder),
    strangerRate: values.get(access.strangerRate),
  };
}

function predefinedTopics(values: Values, problems: Problems): PredefinedTopics {
  const all = new Map<number, string>();
  for (const { captures, value, name, where } of values.all(snKeys.topics.predefined)) {
    addTopic(all, captures[0], value, name, where, problems);
  }
  const byClient = new Map<string, Map<number, string>>();
  for (const { captures, value, name, where } of values.all(snKeys.topics.predefinedOfClient)) {
    const [client = '', id] = captures;
    const own = byClient.get(client) ?? new Map<number, string>();
    byClient.set(client, own);
    addTopic(own, id, value, name, where, problems);
  }
  return { all, byClient };
}

function addTopic(
  topics: Map<number, string>,
  id: string | undefined,
  topic: string,
  name: string,
  where: string,
  problems: Problems,
): void {
  const topicId = Number(id);
  // 0x0000 and 0xFFFF are reserved [SN 5.3.11]; old files list id 0 to say so.
  if (topicId > 65_534) problems.error(`${name}: topic ids are 1..65534`, where);
  else if (topicId > 0) topics.set(topicId, topic);
}

function credentials(values: Values, problems: Problems): Credentials | undefined {
  const { username: userKey, password: passwordKey } = snKeys.access;
  const username = values.get(userKey);
  const password = values.get(passwordKey);
  if (username !== undefined) return { username, password };
  if (password !== undefined)
    problems.error(`${passwordKey.name} needs ${userKey.name}`, values.where(passwordKey.name));
  return undefined;
}

function credentialsByClient(values: Values, problems: Problems): ReadonlyMap<string, Credentials> {
  const { usernameOfClient, passwordOfClient } = snKeys.access;
  const byClient = new Map<string, Credentials>();
  for (const { captures, value } of values.all(usernameOfClient)) {
    byClient.set(captures[0] as string, { username: value, password: undefined });
  }
  for (const { captures, value, name, where } of values.all(passwordOfClient)) {
    const client = captures[0] as string;
    const user = byClient.get(client);
    if (user === undefined) problems.error(`${name} needs mqtt.sn.auth.${client}.username`, where);
    else byClient.set(client, { ...user, password: value });
  }
  return byClient;
}
