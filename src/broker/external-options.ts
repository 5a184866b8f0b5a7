import type { SecureContext } from 'node:tls';

/** Which MQTT is spoken with the broker; `auto` is 5 with a broker that takes it. */
export type MqttVersion = 'auto' | 5 | '3.1.1';

/** How the gateway meets a broker elsewhere. */
export interface ExternalOptions {
  /** `mqtt://`, `mqtts://`, `ws://` or `wss://`. A user name and password in it stand in for those below. */
  readonly url: string;
  readonly version: MqttVersion;
  /** Template of a device's client id: `%c` its own, `%u` its own user name. */
  readonly clientId: string;
  /** Templates of the user name and password of whoever has none of its own, the gateway itself among them. */
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Client id of the gateway's own connection, different for every gateway. */
  readonly gatewayName: string;
  /** Connections begun in a second. */
  readonly connectRate: number;
  readonly keepAliveSeconds: number;
  /** How long an MQTT 5 broker keeps the session of a device that is away and did not ask for a clean one. */
  readonly sessionExpirySeconds: number;
  /** Below which the gateway tells how it is; absent: nowhere. */
  readonly statsTopic?: string | undefined;
  /** How long the broker may take with its CONNACK, ms; default 10,000. */
  readonly connectTimeoutMs?: number;
  /** With TLS: whom to trust and what to show. */
  readonly tls?: ExternalTls;
}

/** One context for every connection: each has its own session, and no copy of the certificates. */
export interface ExternalTls {
  readonly context: SecureContext;
  /** Whether the broker's certificate must be valid for its name. */
  readonly verify: boolean;
}
