import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { DatagramListeners, DtlsConfig } from '../config/config.js';
import type { Listener } from '../config/units.js';
import type { DatagramPort } from '../core/datagram.js';
import { loadCredentials } from '../dtls/credential-files.js';
import { readKeyFile } from '../dtls/key-file.js';
import { PersistentSessions } from '../dtls/persistent-sessions.js';
import { DtlsPort } from '../dtls/server.js';
import { TableSessionStore } from '../dtls/table-session-store.js';
import { UdpPort } from '../net/udp.js';
import type { Store } from '../store/store.js';
import type { Around } from './around.js';

/** DTLS ports of one protocol, and what ends the watching of their credentials. */
export interface DtlsPorts {
  readonly ports: readonly DatagramPort[];
  stop(): void;
}

/**
 * The DTLS ports of a protocol: none without a credential. Their sessions are kept in the store, sealed with a key of its
 * own in the store's folder. `below` makes the ports they are spoken on, plain UDP by default. Rejects with what is wrong with a credential, the suites or the key.
 */
export async function dtlsPorts(
  protocol: string,
  listeners: DatagramListeners,
  config: DtlsConfig,
  store: { readonly dir: string; readonly store: Store },
  around: Around,
  below: (address: Listener, around: Around) => DatagramPort = ({ host, port }, { log, metrics }) =>
    new UdpPort({ host, port }, log, metrics),
): Promise<DtlsPorts> {
  if (listeners.dtls.length === 0) return { ports: [], stop() {} };
  const { clock, metrics } = around;
  const log = around.log.child({ part: 'dtls' });
  const { credentials, stop } = await loadCredentials(config, clock, log);
  const ciphers = config.ciphers ?? config.pskCiphers;
  const key = config.sessionStore ? await readKeyFile(join(store.dir, 'dtls.key')) : undefined;
  const ports = listeners.dtls.map((address, index) => {
    const name = `${protocol}-dtls-${index}`;
    const table = new TableSessionStore(store.store, `dtls.${name}`);
    const keeper =
      key === undefined ? undefined : new PersistentSessions({ store: table, key, clock, log, random: randomBytes });
    const options = { name, credentials, cidLength: config.cidLength, ...(ciphers === undefined ? {} : { ciphers }) };
    return new DtlsPort(below(address, around), options, { clock, log, metrics, keeper });
  });
  return { ports, stop };
}
