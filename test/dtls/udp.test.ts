import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '#src/core/clock.js';
import type { Peer } from '#src/core/datagram.js';
import { silentLog } from '#src/core/log.js';
import { Metrics } from '#src/core/metrics.js';
import { readKeyFile } from '#src/dtls/key-file.js';
import { PersistentSessions } from '#src/dtls/persistent-sessions.js';
import { DtlsPort } from '#src/dtls/server.js';
import { TableSessionStore } from '#src/dtls/table-session-store.js';
import { UdpPort } from '#src/net/udp.js';
import { LevelStore } from '#src/store/level-store.js';
import { TestClient } from './client.js';
import { psk, pskCcm8, pskCredentials } from './harness.js';

interface Running {
  readonly port: number;
  readonly server: DtlsPort;
  readonly peers: Peer[];
}

async function serve(t: ExecutionContext, port = 0, keeper?: PersistentSessions): Promise<Running> {
  const metrics = new Metrics();
  const udp = new UdpPort({ host: '127.0.0.1', port }, silentLog, metrics);
  const options = { name: 'udp', credentials: pskCredentials };
  const server = new DtlsPort(udp, options, { clock: systemClock, log: silentLog, metrics, keeper });
  const peers: Peer[] = [];
  await server.start((data, peer) => {
    peers.push(peer);
    peer.send(data);
  });
  t.teardown(() => server.stop());
  return { port: udp.port, server, peers };
}

/** A client behind a translator that gives it a new source port whenever it is told to. */
class Behind {
  readonly client: TestClient;
  private socket: Socket;
  private readonly port: number;

  constructor(port: number, cid?: Buffer) {
    this.port = port;
    this.client = new TestClient({ suites: [pskCcm8], psk, cid }, (datagram) => this.out(datagram), systemClock);
    this.socket = this.open();
  }

  /** The old source port answers no more. */
  move(): void {
    this.socket.close();
    this.socket = this.open();
  }

  close(): void {
    this.client.stop();
    this.socket.close();
  }

  async heard(count: number): Promise<boolean> {
    for (let i = 0; i < 100 && this.client.received.length < count; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return this.client.received.length >= count;
  }

  async established(): Promise<boolean> {
    this.client.start();
    for (let i = 0; i < 100 && !this.client.established; i++) await new Promise((resolve) => setTimeout(resolve, 20));
    return this.client.established;
  }

  private open(): Socket {
    const socket = createSocket('udp4');
    socket.on('message', (datagram) => this.client.receive(datagram));
    return socket;
  }

  private out(datagram: Buffer): void {
    this.socket.send(datagram, this.port, '127.0.0.1');
  }
}

test('behind a translator that changes its port: with connection id the session goes on, and is reached at the new one', async (t) => {
  const { port, peers } = await serve(t);
  const device = new Behind(port, Buffer.alloc(0));
  t.teardown(() => device.close());
  t.true(await device.established());
  device.client.write('1');
  t.true(await device.heard(1));
  device.move();
  device.client.write('2');
  t.true(await device.heard(2));
  t.is(peers[0], peers[1]);
  peers[0]?.send(Buffer.from('a command'));
  t.true(await device.heard(3));
});

test('behind a translator that changes its port: without connection id a new handshake takes over', async (t) => {
  const { port, server } = await serve(t);
  const device = new Behind(port);
  t.teardown(() => device.close());
  t.true(await device.established());
  device.move();
  device.client.write('lost');
  t.false(await device.heard(1));
  const again = new Behind(port);
  t.teardown(() => again.close());
  t.true(await again.established());
  t.is(server.sessions, 2);
});

test('a restart on the same folder: device and gateway go on, either may speak first', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'isthmus-dtls-'));
  const key = await readKeyFile(join(folder, 'key'));
  const open = async (): Promise<{ store: LevelStore; keeper: PersistentSessions }> => {
    const store = await LevelStore.open(join(folder, 'data'), silentLog);
    const sessions = new TableSessionStore(store, 'dtls.sessions');
    const around = { clock: systemClock, log: silentLog, random: randomBytes };
    return { store, keeper: new PersistentSessions({ store: sessions, key, ...around }) };
  };
  const before = await open();
  const first = await serve(t, 0, before.keeper);
  const device = new Behind(first.port, Buffer.from('ab', 'hex'));
  t.teardown(() => device.close());
  t.true(await device.established());
  device.client.write('1');
  t.true(await device.heard(1));
  await first.server.stop();
  await before.store.close();

  const after = await open();
  t.teardown(() => after.store.close());
  const second = await serve(t, first.port, after.keeper);
  const peer = second.server.peerAt(first.peers[0]?.key ?? '');
  peer?.send(Buffer.from('the gateway speaks first'));
  t.true(await device.heard(2));
  device.client.write('3');
  t.true(await device.heard(3));
  t.is(second.peers[0], peer);
  await second.server.stop();
});
