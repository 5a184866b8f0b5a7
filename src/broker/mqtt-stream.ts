import { connect as connectTcp, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { createWebSocketStream, WebSocket } from 'ws';
import type { ExternalTls } from './external-options.js';

const defaultPorts: Readonly<Record<string, number>> = { 'mqtt:': 1883, 'mqtts:': 8883 };

/** Opens a stream to a broker: TCP, TLS or WebSocket, as the URL says. What is written is sent once it is connected. */
export function openMqttStream(to: string, tls: ExternalTls | undefined): Duplex {
  const url = new URL(to);
  const secure = tls === undefined ? {} : { secureContext: tls.context, rejectUnauthorized: tls.verify };
  if (url.protocol.startsWith('ws')) return openWebSocket(url, secure);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const address = { host, port: Number(url.port) || defaultPorts[url.protocol] || 1883 };
  if (url.protocol === 'mqtt:') return connectTcp({ ...address, noDelay: true });
  const stream = connectTls({ ...address, ...secure, ...(isIP(host) === 0 ? { servername: host } : {}) });
  stream.setNoDelay(true);
  return stream;
}

function openWebSocket(url: URL, secure: object): Duplex {
  const bare = new URL(url);
  // User name and password are MQTT's, not HTTP's.
  bare.username = '';
  bare.password = '';
  const socket = new WebSocket(bare, ['mqtt'], { ...secure, perMessageDeflate: false });
  return createWebSocketStream(socket);
}
