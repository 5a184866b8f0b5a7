import { join } from 'node:path';
import type { Lwm2mConfig } from './config.js';
import { dtlsClaims, listenersOf, udpClaims } from './datagram-listeners.js';
import { dtlsConfig, hasCredential } from './dtls-config.js';
import type { Features } from './features.js';
import { isFolder } from './folder.js';
import { lwm2mKeys } from './lwm2m-keys.js';
import { lwm2mTopics } from './lwm2m-topics.js';
import type { Problems } from './problem.js';
import type { Values } from './values.js';

/** The definitions that ship with Isthmus, beside its compiled code. */
export const shippedXmlDir = join(import.meta.dirname, '..', '..', 'lwm2m_xml');

/** What emqx_lwm2m.conf says. */
export function lwm2mConfig(values: Values, built: Features, problems: Problems): Lwm2mConfig {
  const { listening, registration, commands, shortForm } = lwm2mKeys;
  const dtls = dtlsConfig(values, lwm2mKeys.dtls, shortForm);
  const withDtls = built.dtls && hasCredential(dtls);
  return {
    listeners: listenersOf(udpClaims(values, listening), withDtls ? dtlsClaims(values, listening, true) : []),
    dtls,
    receiveBuffer: values.get(listening.recbuf),
    sendBuffer: values.get(listening.sndbuf),
    xmlDir: xmlDir(values, problems),
    lifetimeMinSeconds: values.get(registration.lifetimeMin),
    lifetimeMaxSeconds: values.get(registration.lifetimeMax),
    updatePublishCondition: values.get(registration.publishUpdateWhen) ?? values.get(registration.updateCondition),
    autoObserve: values.get(registration.autoObserve),
    rebindOnUdp: values.get(registration.rebindOnUdp),
    publishedParameters: values.get(registration.publishedParameters) ?? [],
    psmApns: values.get(registration.psmApns) ?? [],
    commandTimeoutMs: values.get(commands.commandTimeout),
    qmodeTimeWindowMs: values.get(commands.qmodeTimeWindow),
    queueLimit: values.get(commands.queueLimit),
    queueTtlMs: values.get(commands.queueTtl),
    ...lwm2mTopics(values),
  };
}

function xmlDir(values: Values, problems: Problems): string {
  const key = lwm2mKeys.objects.xmlDir;
  const given = values.path(key);
  if (given === undefined) return shippedXmlDir;
  if (isFolder(given)) return given;
  // EMQX's own file names a folder that its packages do not bring along; such a file must load unchanged.
  problems.warn(
    `${key.name}: there is no folder ${given}; the definitions that ship with Isthmus are used`,
    values.where(key.name),
  );
  return shippedXmlDir;
}
