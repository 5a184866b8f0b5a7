import type { IConnectPacket } from 'mqtt-packet';
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

/** The CONNECT of one client, without what changes from one connection to the next. */
export function connectPacket(options: ExternalOptions, version: 4 | 5, client: ExternalClient): IConnectPacket {
  const url = new URL(options.url);
  const username = client.username ?? filled(options.username ?? decoded(url.username), client);
  const password = client.password ?? asBytes(filled(options.password ?? decoded(url.password), client));
  return {
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: version,
    clientId: client.clientId,
    keepalive: options.keepAliveSeconds,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  };
}

const decoded = (part: string): string | undefined => (part === '' ? undefined : decodeURIComponent(part));

const asBytes = (text: string | undefined): Buffer | undefined => (text === undefined ? undefined : Buffer.from(text));

const filled = (template: string | undefined, { name, username }: ExternalClient): string | undefined =>
  template === undefined ? undefined : fillTemplate(template, name, username);
