import type { IClientOptions } from 'mqtt';
import { fillTemplate } from './client-template.js';
import type { ExternalOptions } from './external-options.js';

/** Who connects. */
export interface ExternalClient {
  /** As the broker is to know it. */
  readonly clientId: string;
  /** What the templates call `%c`. */
  readonly name: string;
  readonly username: string | undefined;
  readonly password: Buffer | undefined;
}

type Protocol = NonNullable<IClientOptions['protocol']>;

/** What the mqtt package is told for one client. */
export function connectOptions(options: ExternalOptions, version: 4 | 5, client: ExternalClient): IClientOptions {
  const url = new URL(options.url);
  const { tls, connectTimeoutMs = 10_000 } = options;
  const username = client.username ?? filled(options.username ?? decoded(url.username), client);
  const password = client.password ?? filled(options.password ?? decoded(url.password), client);
  const secure = tls === undefined ? {} : { secureContext: tls.context, rejectUnauthorized: tls.verify };
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  const protocol = url.protocol.slice(0, -1) as Protocol;
  const isWeb = protocol.startsWith('ws');
  const host = isWeb ? url.hostname : hostname;
  return {
    protocol,
    host,
    hostname: host,
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    ...(isWeb ? { path: url.pathname + url.search, wsOptions: secure } : secure),
    clientId: client.clientId,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    protocolVersion: version,
    keepalive: options.keepAliveSeconds,
    connectTimeout: connectTimeoutMs,
    // When to come back, and with what, is the link's business.
    reconnectPeriod: 0,
    resubscribe: false,
  };
}

const decoded = (part: string): string | undefined => (part === '' ? undefined : decodeURIComponent(part));

const filled = (template: string | undefined, { name, username }: ExternalClient): string | undefined =>
  template === undefined ? undefined : fillTemplate(template, name, username);
