import { connect as connectTcp, type Socket } from 'node:net';
import { type Application, devicePath, digitsAt, observedPath } from './application.js';
import { HttpWire, statusOf } from './http.js';

const newline = 0x0a;
const success = Buffer.from('"success":true');
const notification = Buffer.from('event: NOTIFICATION');
const data = Buffer.from('data: ');
const value = Buffer.from('"value":"');

/** Commands by the REST API of Leshan's demo server, as many connections as are under way; values from its event stream. */
export class LeshanApplication implements Application {
  onAnswer: (id: number, ok: boolean) => void = () => {};
  onNotified: (value: number) => void = () => {};
  private readonly host: string;
  private readonly port: number;
  private readonly head: string;
  private readonly events: Socket;
  private readonly all: HttpWire[] = [];
  private readonly free: HttpWire[] = [];
  private rest: Buffer | undefined;
  private notifying = false;

  private constructor(host: string, port: number, events: Socket) {
    this.host = host;
    this.port = port;
    this.head = ` HTTP/1.1\r\nHost: ${host}:${port}\r\n`;
    this.events = events;
    events.on('error', () => {});
    events.on('data', (chunk) => this.take(chunk));
  }

  static async connect(host: string, port: number): Promise<LeshanApplication> {
    const events = connectTcp({ host, port, noDelay: true });
    await new Promise<void>((resolve, reject) => events.once('connect', resolve).once('error', reject));
    const application = new LeshanApplication(host, port, events);
    const answered = new Promise<Buffer>((resolve, reject) => {
      events.once('data', resolve).once('close', () => reject(new Error("Leshan's event stream was closed")));
    });
    events.write(`GET /api/event${application.head}Accept: text/event-stream\r\n\r\n`);
    const status = statusOf(await answered);
    if (status !== 200) throw new Error(`Leshan's event stream: status ${status}`);
    return application;
  }

  read(endpoint: string, id: number): void {
    this.command(`GET /api/clients/${endpoint}${devicePath}${this.head}\r\n`, id);
  }

  observe(endpoint: string, id: number): void {
    this.command(`POST /api/clients/${endpoint}${observedPath}/observe${this.head}Content-Length: 0\r\n\r\n`, id);
  }

  close(): void {
    this.events.destroy();
    for (const wire of this.all) wire.close();
  }

  private command(text: string, id: number): void {
    let wire = this.free.pop();
    while (wire !== undefined && !wire.usable) wire = this.free.pop();
    this.ask(wire ?? this.open(), text, id);
  }

  private ask(wire: HttpWire, text: string, id: number): void {
    wire.request(text, (status, chunk, from, to) => {
      if (wire.usable) this.free.push(wire);
      this.onAnswer(id, status === 200 && chunk.subarray(from, to).includes(success));
    });
  }

  private open(): HttpWire {
    const wire = new HttpWire(this.host, this.port);
    this.all.push(wire);
    return wire;
  }

  /** The lines of the event stream; the last value is what is looked for in the data of a notification. */
  private take(arrived: Buffer): void {
    const chunk = this.rest ? Buffer.concat([this.rest, arrived]) : arrived;
    let from = 0;
    for (let to = chunk.indexOf(newline); to >= 0; to = chunk.indexOf(newline, from)) {
      const line = chunk.subarray(from, to);
      if (starts(line, notification)) {
        this.notifying = true;
      } else if (this.notifying && starts(line, data)) {
        this.notifying = false;
        const at = line.lastIndexOf(value);
        if (at >= 0) this.onNotified(digitsAt(line, at + value.length).value);
      }
      from = to + 1;
    }
    this.rest = from === chunk.length ? undefined : chunk.subarray(from);
  }
}

const starts = (line: Buffer, prefix: Buffer): boolean =>
  line.length >= prefix.length && line.compare(prefix, 0, prefix.length, 0, prefix.length) === 0;
