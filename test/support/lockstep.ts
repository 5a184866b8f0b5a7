import { createSocket, type Socket } from 'node:dgram';

/**
 * A peer over real UDP of which the test scripts every datagram: send one, expect the next. What arrives unexpectedly
 * is kept, so that `expectNothing` can tell.
 */
export class LockStep {
  private readonly socket: Socket;
  private readonly port: number;
  private readonly inbox: Buffer[] = [];
  private waiting: ((datagram: Buffer) => void) | undefined;

  private constructor(socket: Socket, port: number) {
    this.socket = socket;
    this.port = port;
    socket.on('message', (datagram) => {
      const { waiting } = this;
      this.waiting = undefined;
      if (waiting) waiting(datagram);
      else this.inbox.push(datagram);
    });
  }

  /** A new socket that talks to 127.0.0.1 at this port. */
  static async to(port: number): Promise<LockStep> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    return new LockStep(socket, port);
  }

  send(datagram: Buffer | string): void {
    this.socket.send(
      typeof datagram === 'string' ? Buffer.from(datagram.replaceAll(' ', ''), 'hex') : datagram,
      this.port,
      '127.0.0.1',
    );
  }

  /** The next datagram; an Error after `timeoutMs`. */
  receive(timeoutMs = 3000): Promise<Buffer> {
    const next = this.inbox.shift();
    if (next) return Promise.resolve(next);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting = undefined;
        reject(new Error(`no datagram within ${timeoutMs} ms`));
      }, timeoutMs);
      this.waiting = (datagram) => {
        clearTimeout(timer);
        resolve(datagram);
      };
    });
  }

  /** The next datagram as hex. */
  async receiveHex(timeoutMs?: number): Promise<string> {
    return (await this.receive(timeoutMs)).toString('hex');
  }

  /** Sends a datagram and gives back the answer, as hex. */
  async ask(datagram: Buffer | string): Promise<string> {
    this.send(datagram);
    return this.receiveHex();
  }

  /** Whether nothing has arrived that was not taken, after a short wait. */
  async expectNothing(ms = 100): Promise<boolean> {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return this.inbox.length === 0;
  }

  close(): void {
    this.socket.close();
  }
}
