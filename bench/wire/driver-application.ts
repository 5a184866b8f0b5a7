import { connect as connectTcp, type Socket } from 'node:net';
import { type Application, devicePath, digitsAt, observedPath } from './application.js';

const newline = 0x0a;
const notifyInitial = 0x6e;
const okInitial = 0x6f;

/** Commands and answers in the lines of a driver; bench/README.md says which. */
export class DriverApplication implements Application {
  onAnswer: (id: number, ok: boolean) => void = () => {};
  onNotified: (value: number) => void = () => {};
  private readonly socket: Socket;
  private out = '';
  private rest: Buffer | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('data', (chunk) => this.take(chunk));
  }

  static async connect(host: string, port: number): Promise<DriverApplication> {
    const socket = connectTcp(port, host);
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new DriverApplication(socket);
  }

  read(endpoint: string, id: number): void {
    this.line(`read ${id} ${endpoint} ${devicePath}\n`);
  }

  observe(endpoint: string, id: number): void {
    this.line(`observe ${id} ${endpoint} ${observedPath}\n`);
  }

  close(): void {
    this.socket.end();
  }

  /** What a turn of the event loop produces is written in one piece, as MqttWire does. */
  private line(text: string): void {
    if (this.out === '') {
      setImmediate(() => {
        this.socket.write(this.out);
        this.out = '';
      });
    }
    this.out += text;
  }

  private take(arrived: Buffer): void {
    const chunk = this.rest ? Buffer.concat([this.rest, arrived]) : arrived;
    let from = 0;
    for (let to = chunk.indexOf(newline); to >= 0; to = chunk.indexOf(newline, from)) {
      if (chunk[from] === notifyInitial) {
        this.onNotified(digitsAt(chunk, from + 'notify '.length).value);
      } else {
        const { value: id, end } = digitsAt(chunk, from);
        this.onAnswer(id, chunk[end + 1] === okInitial);
      }
      from = to + 1;
    }
    this.rest = from === chunk.length ? undefined : chunk.subarray(from);
  }
}
