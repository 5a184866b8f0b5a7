import { connect as connectTcp, type Socket } from 'node:net';

const headEnd = Buffer.from('\r\n\r\n');
const contentLength = Buffer.from('\r\nContent-Length: ');
const digit = (byte: number | undefined): number => (byte ?? 0) - 0x30;

/** An answer: its body is `chunk[from..to)`. Status 0: there was none. */
export type Answered = (status: number, chunk: Buffer, from: number, to: number) => void;

/** The status code in `HTTP/1.1 200 OK`, at the beginning of an answer. */
export const statusOf = (chunk: Buffer): number => digit(chunk[9]) * 100 + digit(chunk[10]) * 10 + digit(chunk[11]);

/**
 * A lean HTTP/1.1 connection that is kept: one request at a time, written and parsed in one piece each. An answer whose
 * length is not said ends it.
 */
export class HttpWire {
  private readonly socket: Socket;
  private rest: Buffer | undefined;
  private answered: Answered | undefined;

  constructor(host: string, port: number) {
    this.socket = connectTcp({ host, port, noDelay: true });
    this.socket.on('error', () => {});
    this.socket.on('data', (chunk) => this.take(chunk));
    this.socket.on('close', () => this.finish(0, Buffer.alloc(0), 0, 0));
  }

  /** Whether a request can still be sent. */
  get usable(): boolean {
    return this.socket.writable;
  }

  request(text: string, answered: Answered): void {
    this.answered = answered;
    this.socket.write(text, 'latin1');
  }

  close(): void {
    this.answered = undefined;
    this.socket.destroy();
  }

  private take(arrived: Buffer): void {
    const chunk = this.rest ? Buffer.concat([this.rest, arrived]) : arrived;
    this.rest = chunk;
    const end = chunk.indexOf(headEnd);
    if (end < 0) return;
    const from = end + headEnd.length;
    const at = chunk.indexOf(contentLength);
    if (at < 0 || at > end) {
      this.socket.destroy();
      this.finish(statusOf(chunk), chunk, from, chunk.length);
      return;
    }
    let length = 0;
    for (let i = at + contentLength.length; chunk[i] !== 0x0d; i++) length = length * 10 + digit(chunk[i]);
    if (chunk.length < from + length) return;
    this.rest = undefined;
    this.finish(statusOf(chunk), chunk, from, from + length);
  }

  private finish(status: number, chunk: Buffer, from: number, to: number): void {
    const { answered } = this;
    this.answered = undefined;
    answered?.(status, chunk, from, to);
  }
}
