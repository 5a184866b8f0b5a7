import type { Peer } from '../core/datagram.js';
import type { IdentityBinding } from '../core/identity.js';
import type { SessionOptions } from './session.js';

/** A user name and password with which the gateway presents a client to the broker. */
export interface Credentials {
  readonly username?: string;
  readonly password?: string;
}

/** What an MQTT-SN server needs to know; times are in the unit their names say. */
export interface SnOptions {
  /** 0..255, in ADVERTISE and GWINFO. */
  readonly gatewayId: number;
  readonly session: SessionOptions;
  /** Whether PUBLISH with QoS -1 is taken from anybody [SN 6.8]. */
  readonly enableQos3: boolean;
  readonly maxClientIdLength: number;
  readonly maxSessions: number;
  /** Packets per second and source address that belong to no session; more are dropped. */
  readonly unboundPerSecond: number;
  /** Put before every topic towards the broker; `%c` is the client id, `%u` the user name. */
  readonly mountpoint: string;
  /** Of every client that has no credentials of its own. */
  readonly credentials: Credentials;
  readonly clientCredentials: ReadonlyMap<string, Credentials>;
  /** Pre-defined topics of every client, and those of single clients, which come first. */
  readonly predefined: ReadonlyMap<number, string>;
  readonly clientPredefined: ReadonlyMap<string, ReadonlyMap<number, string>>;
  /** Who hears the answer to a SEARCHGW beside who asked: groups [SN 5.4.3]. */
  readonly gwInfoAudience: () => readonly Peer[];
  /** Whether a client id must fit what a DTLS peer has proven to be. */
  readonly bindIdentity: IdentityBinding;
  /** Whether encapsulated messages are taken from this IP address. */
  readonly mayForward: (host: string) => boolean;
}

/** The pre-defined topics that hold for one client. */
export function predefinedOf(options: SnOptions, clientId: string): ReadonlyMap<number, string> {
  const own = options.clientPredefined.get(clientId);
  return own === undefined ? options.predefined : new Map([...options.predefined, ...own]);
}

/** The user name and password of one client. */
export function credentialsOf(options: SnOptions, clientId: string): Credentials {
  return options.clientCredentials.get(clientId) ?? options.credentials;
}

/** The mountpoint of one client. */
export function mountpointOf(options: SnOptions, clientId: string): string {
  return options.mountpoint
    .replaceAll('%c', () => clientId)
    .replaceAll('%u', () => credentialsOf(options, clientId).username ?? '');
}
