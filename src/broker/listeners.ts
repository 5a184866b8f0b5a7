import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, isIPv6, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { assertNever, IsthmusError } from '../core/errors.js';
import type { Log } from '../core/log.js';
import type { Counter, Metrics } from '../core/metrics.js';
import type { ConnectionRoom } from './connection-room.js';
import { countSent } from './count-sent.js';
import { gatherWrites } from './gather-writes.js';
import { limitPackets } from './packet-limit.js';
import { attachWebSocket } from './websocket.js';

/** The server's side of TLS, in PEM. */
export interface ListenerTls {
  readonly cert: Buffer | string;
  readonly key: Buffer | string;
  /** Whom to trust for client certificates. */
  readonly ca?: Buffer | string;
  /** Only clients with a trusted certificate are let in. */
  readonly verifyPeer: boolean;
}

/** Where and how to listen for MQTT clients. */
export interface ListenerOptions {
  readonly kind: 'tcp' | 'tls' | 'ws' | 'wss';
  /** An IP address, v4 or v6. */
  readonly host: string;
  /** 0 takes any free port, see `MqttListener.port`. */
  readonly port: number;
  /** For tls and wss. */
  readonly tls?: ListenerTls;
  /** Connections for which it has no room are closed as they come; unlimited by default. */
  readonly room?: ConnectionRoom | undefined;
  /** Longest MQTT packet, bytes after its fixed header; default 1 MiB. */
  readonly maxPacketBytes?: number;
}

/** Takes a connection on which a client will speak MQTT. */
export type ConnectionHandler = (stream: Duplex, request?: IncomingMessage) => void;

const handshakeTimeout = 30_000;

// How many connections the system holds for us, if it lets us: after a restart everybody comes at once, and who is not held
// tries again seconds later.
const backlog = 4096;

/** One address at which MQTT clients connect. */
export class MqttListener {
  private readonly options: ListenerOptions;
  private readonly log: Log;
  private readonly sockets = new Set<Socket>();
  private readonly packets: Record<'received' | 'sent', Counter>;
  /** Bytes of connections that have ended. */
  private readonly ended = { received: 0, sent: 0 };
  private server: Server | undefined;

  constructor(options: ListenerOptions, log: Log, metrics: Metrics) {
    this.options = options;
    this.log = log;
    this.packets = {
      received: metrics.counter('broker.packets_received'),
      sent: metrics.counter('broker.packets_sent'),
    };
  }

  /** For logs: `tcp 0.0.0.0:1883`. */
  get name(): string {
    const { kind, host } = this.options;
    return `${kind} ${isIPv6(host) ? `[${host}]` : host}:${this.port}`;
  }

  /** The port bound, once started. */
  get port(): number {
    const address = this.server?.address() as AddressInfo | null | undefined;
    return address?.port ?? this.options.port;
  }

  /** Bytes on the wire, with those of TLS and WebSocket. */
  get traffic(): { readonly received: number; readonly sent: number } {
    let { received, sent } = this.ended;
    for (const socket of this.sockets) {
      received += socket.bytesRead;
      sent += socket.bytesWritten;
    }
    return { received, sent };
  }

  /** Listens. Rejects with code `LISTEN` when the address cannot be had or the certificate is no good. */
  async start(handle: ConnectionHandler): Promise<void> {
    if (this.server !== undefined) return;
    const { host, port, room } = this.options;
    try {
      const server = this.createServer(handle);
      if (room !== undefined) limitConnections(server, room);
      server.on('connection', (socket: Socket) => {
        this.sockets.add(socket);
        room?.take();
        socket.once('close', () => {
          this.sockets.delete(socket);
          room?.leave();
          this.ended.received += socket.bytesRead;
          this.ended.sent += socket.bytesWritten;
        });
      });
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host, port, ipv6Only: isIPv6(host), backlog }, resolve);
      });
      server.on('error', (error) => this.log.error({ err: error, listener: this.name }, 'listener failed'));
      this.server = server;
    } catch (error) {
      throw new IsthmusError('LISTEN', `${this.name}: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Stops listening and ends what is connected. May be called again. */
  async stop(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private createServer(handle: ConnectionHandler): Server {
    const { kind, maxPacketBytes = 1024 * 1024 } = this.options;
    const accept: ConnectionHandler = (stream, request) => {
      limitPackets(stream, maxPacketBytes, this.packets.received);
      gatherWrites(stream);
      countSent(stream, this.packets.sent);
      handle(stream, request);
    };
    switch (kind) {
      case 'tcp':
        return createTcpServer({ noDelay: true }, (socket) => accept(socket));
      case 'tls':
        return this.withHandshakeLog(createTlsServer(this.tlsOptions(), (socket) => accept(socket)));
      case 'ws': {
        const server = createHttpServer({ noDelay: true });
        attachWebSocket(server, maxPacketBytes, accept);
        return server;
      }
      case 'wss': {
        const server = createHttpsServer(this.tlsOptions());
        attachWebSocket(server, maxPacketBytes, accept);
        return this.withHandshakeLog(server);
      }
      default:
        return assertNever(kind);
    }
  }

  private tlsOptions(): TlsOptions & { noDelay: boolean } {
    const { tls } = this.options;
    if (tls === undefined) throw new IsthmusError('LISTEN', 'no certificate is configured');
    const { cert, key, ca, verifyPeer } = tls;
    return { cert, key, ca, requestCert: verifyPeer, rejectUnauthorized: verifyPeer, handshakeTimeout, noDelay: true };
  }

  private withHandshakeLog<S extends Server>(server: S): S {
    return server.on('tlsClientError', (error: Error) =>
      this.log.debug({ err: error, listener: this.name }, 'TLS handshake failed'),
    );
  }
}

/** Has a server close what comes when there is no room. */
function limitConnections(server: Server, room: ConnectionRoom): void {
  // Node looks at this before it makes a socket of a connection. Listeners that share the room are not full by themselves.
  Object.defineProperty(server, 'maxConnections', { get: () => (room.full ? 1 : undefined) });
  server.on('drop', () => room.refuse());
}
