import { createSocket, type Socket } from 'node:dgram';
import type { ExecutionContext } from 'ava';

/**
 * An address translator between one device and a gateway: the gateway sees a source port of the relay's, which changes
 * whenever the test says so. What is sent to an earlier one is lost.
 */
export class UdpRelay {
  /** Datagrams that came for a port given up. */
  lost = 0;
  private readonly inside: Socket;
  private readonly gatewayPort: number;
  private outside: Socket;
  private devicePort = 0;

  private constructor(inside: Socket, outside: Socket, gatewayPort: number) {
    this.inside = inside;
    this.outside = outside;
    this.gatewayPort = gatewayPort;
    inside.on('message', (datagram, from) => {
      this.devicePort = from.port;
      this.outside.send(datagram, this.gatewayPort, '127.0.0.1');
    });
    this.listen();
  }

  /** Opens it in front of a port of the loopback; it closes with the test. */
  static async before(t: ExecutionContext, gatewayPort: number): Promise<UdpRelay> {
    const relay = new UdpRelay(await bound(), await bound(), gatewayPort);
    t.teardown(() => relay.close());
    return relay;
  }

  /** Where the device sends to. */
  get port(): number {
    return this.inside.address().port;
  }

  /** The source port that the gateway sees. */
  get outsidePort(): number {
    return this.outside.address().port;
  }

  /** Takes another source port. The earlier one stays taken, so that nothing else gets its mail. */
  async move(): Promise<void> {
    const before = this.outside;
    before.removeAllListeners('message');
    before.on('message', () => void this.lost++);
    before.unref();
    this.outside = await bound();
    this.listen();
  }

  private listen(): void {
    this.outside.on('message', (datagram) => {
      if (this.devicePort !== 0) this.inside.send(datagram, this.devicePort, '127.0.0.1');
    });
  }

  private close(): void {
    this.inside.close();
    this.outside.close();
  }
}

async function bound(): Promise<Socket> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return socket;
}
