import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { ExternalBroker } from '../broker/external.js';
import type { ExternalTls } from '../broker/external-options.js';
import type { BrokerConfig, TlsConfig } from '../config/config.js';
import { IsthmusError } from '../core/errors.js';
import type { Store } from '../store/store.js';
import type { Around } from './around.js';

/** The broker at `url` as configured, for a gateway of this name. */
export function externalBroker(
  { url = '', external }: BrokerConfig,
  gatewayName: string,
  store: Store,
  around: Around,
): ExternalBroker {
  const { version, tls, gatewayName: _, ...others } = external;
  const secure = /^(?:mqtts|wss):/.test(url) ? { tls: externalTls(tls) } : {};
  return new ExternalBroker(
    { url, version: version === '5' ? 5 : version, ...others, ...secure, gatewayName },
    { ...around, log: around.log.child({ part: 'broker' }), store },
  );
}

/** What the gateway's own client ids begin with at a broker that others share. */
export const gatewayNameOf = ({ external }: BrokerConfig): string =>
  external.gatewayName ?? `isthmus-${randomBytes(6).toString('hex')}`;

function externalTls({ certFile, keyFile, caFile, verifyPeer }: TlsConfig): ExternalTls {
  try {
    const context = createSecureContext({
      ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
      ...(certFile === undefined ? {} : { cert: readFileSync(certFile) }),
      ...(keyFile === undefined ? {} : { key: readFileSync(keyFile) }),
    });
    return { context, verify: verifyPeer };
  } catch (error) {
    throw new IsthmusError('CONFIG', `broker.url.*: ${(error as Error).message}`, { cause: error });
  }
}
