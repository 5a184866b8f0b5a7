import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { generate, parse } from 'coap-packet';
import { systemClock } from '#src/core/clock.js';
import type { Identity, Peer } from '#src/core/datagram.js';
import { Metrics } from '#src/core/metrics.js';
import type { DtlsCredentials, DtlsOptions } from '#src/dtls/options.js';
import { DtlsPort } from '#src/dtls/server.js';
import { UdpPort } from '#src/net/udp.js';
import { LineLog, pskCredentials } from '../dtls/harness.js';
import { certificates, keys } from '../vectors/dtls-certificates.js';
import { confFolder } from './support.js';

export { pskCredentials } from '../dtls/harness.js';

/** The shared key of `dev1`, as programs take it in hex. */
export const pskHex = '73656372657450534b';

/** The server's certificate; with `mutual` clients must have one too. */
export const server: DtlsCredentials = { ...pskCredentials, key: keys.server, certificate: certificates.server };
export const mutual: DtlsCredentials = { ...server, ca: certificates.root, verify: true, failIfNoPeerCert: true };

/** An endpoint on a real socket, with what came in. */
export interface DtlsEndpoint {
  readonly port: number;
  readonly log: LineLog;
  readonly identities: (Identity | undefined)[];
  readonly peers: Peer[];
  readonly count: (name: string) => number;
}

/** Starts an endpoint that answers CoAP as a small LwM2M server would, and echoes everything else. */
export async function startDtls(
  t: ExecutionContext,
  credentials: DtlsCredentials,
  options: Partial<DtlsOptions> = {},
): Promise<DtlsEndpoint> {
  const log = new LineLog();
  const metrics = new Metrics();
  const udp = new UdpPort({ host: '127.0.0.1', port: 0 }, log, metrics);
  const dtls = new DtlsPort(udp, { name: 'interop', credentials, ...options }, { clock: systemClock, log, metrics });
  const identities: (Identity | undefined)[] = [];
  const peers: Peer[] = [];
  await dtls.start((data, peer) => {
    identities.push(peer.identity);
    peers.push(peer);
    peer.send(answer(data));
  });
  t.teardown(() => dtls.stop());
  return { port: udp.port, log, identities, peers, count: (name) => metrics.counter(`dtls.${name}`).value };
}

function answer(data: Buffer): Buffer {
  // CoAP begins with version 1; what people type does not.
  if (data.length < 4 || (data[0] ?? 0) >> 6 !== 1 || (data[1] ?? 0) === 0 || (data[1] ?? 0) > 31) return data;
  const { messageId, token, code, options } = parse(data);
  const toRegister = code === '0.02' && options?.some(({ value }) => value.toString() === 'rd') === true;
  const location = ['rd', '1'].map((part) => ({ name: 'Location-Path' as const, value: Buffer.from(part) }));
  const reply = { ack: true, messageId, ...(token === undefined ? {} : { token }) };
  return toRegister
    ? generate({ ...reply, code: '2.01', options: location })
    : generate({ ...reply, code: code === '0.01' ? '2.05' : '2.04', payload: Buffer.from('hello') });
}

/** A folder with the certificates and keys as files, for programs that want files. */
export function pemFolder(t: ExecutionContext): (name: string) => string {
  const folder = confFolder(t);
  for (const [name, pem] of Object.entries(certificates)) writeFileSync(join(folder, `${name}.pem`), pem);
  for (const [name, pem] of Object.entries(keys)) writeFileSync(join(folder, `${name}.key`), pem);
  return (name) => join(folder, name);
}

/** Waits until something holds, or five seconds. */
export async function until(condition: () => boolean): Promise<boolean> {
  for (let tries = 0; tries < 100 && !condition(); tries++) await new Promise((resolve) => setTimeout(resolve, 50));
  return condition();
}
