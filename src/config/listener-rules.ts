import { isIP } from 'node:net';
import type { Config } from './config.js';
import { type Claim, dtlsClaims, udpClaims } from './datagram-listeners.js';
import { isthmusKeys } from './isthmus-keys.js';
import { lwm2mKeys } from './lwm2m-keys.js';
import type { Problems } from './problem.js';
import { snKeys } from './sn-keys.js';
import { formatListener, type Listener } from './units.js';
import type { Values } from './values.js';

/** No two listeners on one port, and no port beyond the last. */
export function checkListeners(values: Values, config: Config, problems: Problems): void {
  const udp: readonly Claim[] = [
    ...udpClaims(values, snKeys.listening),
    ...udpClaims(values, lwm2mKeys.listening),
    ...(config.sn.listeners.dtls.length > 0 ? dtlsClaims(values, snKeys.listening, false) : []),
    ...(config.lwm2m.listeners.dtls.length > 0 ? dtlsClaims(values, lwm2mKeys.listening, true) : []),
  ];
  const { brokerListeners, admin } = isthmusKeys;
  const embedded = config.broker.mode === 'embedded' ? Object.values(brokerListeners) : [];
  const tcp = [...embedded, admin.listener].flatMap((key) =>
    values.get(key).map((listener) => ({ listener, name: key.name })),
  );
  checkConflicts('udp', udp, values, problems);
  checkConflicts('tcp', tcp, values, problems);
  for (const { listener, name } of udp) {
    if (listener.port > 65_535) problems.error(`${name}: there is no port above 65535`);
  }
}

function checkConflicts(transport: string, claims: readonly Claim[], values: Values, problems: Problems): void {
  for (const [i, one] of claims.entries()) {
    const other = claims.slice(0, i).find(({ listener }) => overlap(listener, one.listener));
    if (other === undefined) continue;
    const place = values.where(other.name) ?? 'default';
    problems.error(
      `${one.name} = ${formatListener(one.listener)}: ${other.name} (${place}) already takes ${transport} ${formatListener(other.listener)}`,
      values.where(one.name),
    );
  }
}

function overlap(a: Listener, b: Listener): boolean {
  if (a.port !== b.port || a.port === 0 || isIP(a.host) !== isIP(b.host)) return false;
  return a.host === b.host || isEvery(a.host) || isEvery(b.host);
}

const isEvery = (host: string): boolean => host === '0.0.0.0' || host === '::';
