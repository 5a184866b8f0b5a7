import { randomBytes } from 'node:crypto';
import type { Peer } from '#src/core/datagram.js';
import type { Log } from '#src/core/log.js';
import { Metrics } from '#src/core/metrics.js';
import type { DtlsCredentials, DtlsOptions, Psk } from '#src/dtls/options.js';
import { DtlsPort } from '#src/dtls/server.js';
import type { SessionKeeper } from '#src/dtls/session-keeper.js';
import { FakeClock } from '../support/fake-clock.js';
import { MemoryPeer, MemoryPort } from '../support/memory-port.js';
import { type ClientOptions, TestClient } from './client.js';

export const psk = Buffer.from('secretPSK');
export const pskCcm8 = 0xc0a8;

/** Credentials with one shared key: identity `dev1`. */
export const pskCredentials: DtlsCredentials = {
  psk: { lookup: (identity: Buffer): Psk | undefined => (identity.toString() === 'dev1' ? { key: psk } : undefined) },
};

/** A log that keeps its lines, of every level. */
export class LineLog implements Log {
  readonly lines: string[] = [];
  readonly trace = this.line('trace');
  readonly debug = this.line('debug');
  readonly info = this.line('info');
  readonly warn = this.line('warn');
  readonly error = this.line('error');

  child(): Log {
    return this;
  }

  isLevelEnabled(): boolean {
    return true;
  }

  private line(level: string): (fields: object, message: string) => void {
    return (fields, message) => void this.lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  }
}

/** A datagram that came out of the endpoint. */
export interface Delivered {
  readonly data: Buffer;
  readonly peer: Peer;
}

/** An endpoint in memory, on a clock that the test turns. */
export class Harness {
  readonly clock: FakeClock;
  readonly log = new LineLog();
  readonly metrics = new Metrics();
  readonly port: MemoryPort;
  readonly server: DtlsPort;
  readonly delivered: Delivered[] = [];
  readonly ended: string[] = [];
  /** Whether what is delivered is sent back. */
  echo = true;

  private constructor(options: Partial<DtlsOptions>, clock: FakeClock, keeper?: SessionKeeper) {
    this.clock = clock;
    this.port = new MemoryPort();
    const { log, metrics } = this;
    const ended = (_peer: Peer, reason: string): void => void this.ended.push(reason);
    const all = { name: 'test', credentials: pskCredentials, ...options };
    this.server = new DtlsPort(this.port, all, { clock, log, metrics, keeper, ended, random: randomBytes });
  }

  static async start(
    options: Partial<DtlsOptions> = {},
    clock = new FakeClock(Date.UTC(2027, 0, 1)),
    keeper?: SessionKeeper,
  ): Promise<Harness> {
    const harness = new Harness(options, clock, keeper);
    await harness.server.start((data, peer) => {
      harness.delivered.push({ data, peer });
      if (harness.echo) peer.send(data);
    });
    return harness;
  }

  count(name: string): number {
    return this.metrics.counter(`dtls.${name}`).value;
  }

  /** A client at this address, both ends joined without loss. */
  client(options: Partial<ClientOptions> = {}, address = '192.0.2.1:5000'): TestClient {
    const full: ClientOptions = { suites: [pskCcm8], psk, ...options };
    const client = new TestClient(full, (datagram) => this.port.deliver(Buffer.from(datagram), peer), this.clock);
    const peer = this.peer(client, address);
    return client;
  }

  /** An address from which datagrams can be delivered and whose mail goes to the client. */
  peer(client: TestClient, address: string): MemoryPeer {
    const peer = new MemoryPeer(address);
    this.port.know(peer);
    peer.onDatagram = (datagram) => client.receive(Buffer.from(datagram));
    return peer;
  }

  /** A client that has completed its handshake. */
  connected(options: Partial<ClientOptions> = {}, address?: string): TestClient {
    const client = this.client(options, address);
    client.start();
    return client;
  }
}
