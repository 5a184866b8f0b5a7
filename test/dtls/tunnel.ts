import { createSocket, type Socket } from 'node:dgram';
import type { ExecutionContext } from 'ava';
import { systemClock } from '#src/core/clock.js';
import { type ClientOptions, TestClient } from './client.js';

/** A port of the loopback for devices that speak plain UDP: what they send goes on over DTLS, and back. */
export class DtlsTunnel {
  client: TestClient;
  private readonly options: ClientOptions;
  private readonly socket: Socket;
  private readonly gatewayPort: number;
  private devicePort = 0;

  private constructor(socket: Socket, gatewayPort: number, options: ClientOptions) {
    this.socket = socket;
    this.gatewayPort = gatewayPort;
    this.options = options;
    this.client = this.newClient();
    socket.on('message', (datagram, { port }) => {
      if (port === gatewayPort) this.takeIn(datagram);
      else {
        this.devicePort = port;
        this.client.write(datagram);
      }
    });
  }

  /** Opens it and shakes hands; it closes with the test. */
  static async open(t: ExecutionContext, gatewayPort: number, options: ClientOptions): Promise<DtlsTunnel> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const tunnel = new DtlsTunnel(socket, gatewayPort, options);
    t.teardown(() => {
      tunnel.client.stop();
      socket.close();
    });
    await tunnel.shakeHands();
    return tunnel;
  }

  get port(): number {
    return this.socket.address().port;
  }

  /** Forgets its session, if it has one, and makes a new handshake; an Error if it does not complete. */
  async shakeHands(): Promise<void> {
    this.client.stop();
    this.client = this.newClient();
    this.client.start();
    for (let i = 0; i < 250 && !this.client.established; i++) await new Promise((resolve) => setTimeout(resolve, 20));
    if (!this.client.established) throw new Error('no DTLS session');
  }

  private newClient(): TestClient {
    return new TestClient(
      this.options,
      (datagram) => this.socket.send(datagram, this.gatewayPort, '127.0.0.1'),
      systemClock,
    );
  }

  private takeIn(datagram: Buffer): void {
    this.client.receive(datagram);
    for (const data of this.client.received.splice(0)) this.socket.send(data, this.devicePort, '127.0.0.1');
  }
}
