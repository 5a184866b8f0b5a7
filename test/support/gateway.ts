import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { formatHash, hashPassword } from '#src/broker/password-hash.js';
import { load } from '#src/config/load.js';
import { silentLog } from '#src/core/log.js';
import { createGateway } from '#src/gateway.js';
import { etcDir, lines } from '../config/etc-dir.js';
import { freeTcpPort, freeUdpPort } from './free-port.js';
import { selfSigned } from './mqtt-certificate.js';

/** The whole gateway in this process, on ports of its own. */
export interface TestGateway {
  readonly etc: string;
  readonly mqtt: string;
  readonly mqtts: string;
  /** Certificate of the TLS listener. */
  readonly ca: Buffer;
  readonly snPort: number;
  readonly coapPort: number;
}

/** Lines of a password file for these users, whose passwords are their names backward. */
export async function passwordLines(...users: string[]): Promise<string> {
  const lines = users.map(
    async (user) => `${user}:${formatHash(await hashPassword(Buffer.from(passwordOf(user)), 10))}\n`,
  );
  return (await Promise.all(lines)).join('');
}

/** A user's password in `passwordLines`. */
export const passwordOf = (user: string): string => user.split('').toReversed().join('');

/** Starts it with these lines in its files, and other files beside them; it stops with the test. */
export async function startGateway(
  t: ExecutionContext,
  settings: {
    readonly isthmus?: readonly string[];
    readonly sn?: readonly string[];
    readonly lwm2m?: readonly string[];
    readonly files?: Readonly<Record<string, string>>;
  } = {},
): Promise<TestGateway> {
  const [mqtt, mqtts, snPort, coapPort] = [
    await freeTcpPort(),
    await freeTcpPort(),
    await freeUdpPort(),
    await freeUdpPort(),
  ];
  const { key, cert } = selfSigned();
  const isthmus = [
    `broker.listener.tcp = 127.0.0.1:${mqtt}`,
    `broker.listener.tls = 127.0.0.1:${mqtts}`,
    'broker.tls.certfile = etc/cert.pem',
    'broker.tls.keyfile = etc/key.pem',
    ...(settings.isthmus ?? []),
  ];
  const etc = etcDir(t, {
    'isthmus.conf': isthmus.join('\n'),
    'emqx_sn.conf': [`mqtt.sn.port = 127.0.0.1:${snPort}`, ...(settings.sn ?? [])].join('\n'),
    'emqx_lwm2m.conf': [`lwm2m.bind.udp.1 = 127.0.0.1:${coapPort}`, ...(settings.lwm2m ?? [])].join('\n'),
    ...settings.files,
  });
  writeFileSync(join(etc, 'cert.pem'), cert);
  writeFileSync(join(etc, 'key.pem'), key);
  const loaded = load(etc, {});
  const { errors } = lines(loaded, etc);
  if (errors.length > 0) throw new Error(errors.join('\n'));
  const gateway = createGateway(loaded.config, silentLog);
  t.teardown(() => gateway.stop());
  await gateway.start();
  return {
    etc,
    mqtt: `mqtt://127.0.0.1:${mqtt}`,
    mqtts: `mqtts://127.0.0.1:${mqtts}`,
    ca: cert,
    snPort,
    coapPort,
  };
}
