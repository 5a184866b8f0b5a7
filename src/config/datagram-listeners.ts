import type { DatagramListeners } from './config.js';
import type { Key } from './key.js';
import { formatListener, type Listener } from './units.js';
import type { Values } from './values.js';

/** An address to listen on and the key that asks for it. */
export interface Claim {
  readonly listener: Listener;
  readonly name: string;
}

/** The keys that say where a protocol over datagrams listens. */
export interface ListenerKeys {
  readonly port: Key<readonly Listener[]>;
  readonly udp: Key<Listener>;
  readonly dtls: Key<Listener>;
}

/** Every UDP address asked for, once: `bind.udp.N` and `port`, whose default only counts when there is no other. */
export function udpClaims(values: Values, keys: ListenerKeys): readonly Claim[] {
  const bound = values.all(keys.udp).map(({ value, name }) => ({ listener: value, name }));
  if (bound.length > 0 && !values.has(keys.port)) return distinct(bound);
  const port = values.get(keys.port).map((listener) => ({ listener, name: keys.port.name }));
  return distinct([...port, ...bound]);
}

/** Every DTLS address asked for: `bind.dtls.N`, or else, if `above` is set, one port above each UDP address. */
export function dtlsClaims(values: Values, keys: ListenerKeys, above: boolean): readonly Claim[] {
  const bound = values.all(keys.dtls).map(({ value, name }) => ({ listener: value, name }));
  if (bound.length > 0 || !above) return distinct(bound);
  return udpClaims(values, keys).map(({ listener: { host, port }, name }) => ({
    listener: { host, port: port === 0 ? 0 : port + 1 },
    name: `DTLS one port above ${name}`,
  }));
}

/** The addresses alone. */
export const listenersOf = (udp: readonly Claim[], dtls: readonly Claim[]): DatagramListeners => ({
  udp: udp.map(({ listener }) => listener),
  dtls: dtls.map(({ listener }) => listener),
});

function distinct(claims: readonly Claim[]): readonly Claim[] {
  const byAddress = new Map<string, Claim>();
  for (const claim of claims) {
    const address = formatListener(claim.listener);
    // Port 0 is another port each time.
    const index = claim.listener.port === 0 ? `${address} ${byAddress.size}` : address;
    if (!byAddress.has(index)) byAddress.set(index, claim);
  }
  return [...byAddress.values()];
}
