import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocketServer } from 'ws';

const path = '/mqtt';

// In the order of our liking, for clients that offer several [MQTT-6.0.0-3].
const subProtocols = ['mqtt', 'mqttv3.1.1', 'mqttv3.1'];

/** Lets MQTT clients in at `/mqtt` of an HTTP server; everything else there is refused. */
export function attachWebSocket(
  server: Server,
  maxPacketBytes: number,
  accept: (stream: Duplex, request: IncomingMessage) => void,
): void {
  server.on('request', (_request, response) => {
    response.writeHead(426, { connection: 'close', upgrade: 'websocket' }).end();
  });
  const sockets = new WebSocketServer({
    server,
    path,
    // A frame may carry more than one packet.
    maxPayload: maxPacketBytes + 0xffff,
    perMessageDeflate: false,
    handleProtocols: (offered) => subProtocols.find((name) => offered.has(name)) ?? false,
    verifyClient: ({ req }, done) => {
      const offered = (req.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
      const known = offered.some((name) => subProtocols.includes(name));
      if (known) done(true);
      else done(false, 400, `sub-protocol must be one of ${subProtocols.join(', ')}`);
    },
  });
  sockets.on('connection', (socket, request) => {
    socket.on('message', (_data, isBinary) => {
      // MQTT is binary; text frames end the connection [MQTT-6.0.0-1].
      if (!isBinary) socket.terminate();
    });
    accept(createWebSocketStream(socket), request);
  });
  // The server's own errors come here as well; the listener has its handler for them.
  sockets.on('error', () => {});
}
