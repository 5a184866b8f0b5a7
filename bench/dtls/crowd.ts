// Many devices for the measurement of memory: each makes a session with a connection id, sends a record and falls silent.
import { createSocket } from 'node:dgram';
import { DtlsClient } from './client.js';
import type { CrowdJob, FromCrowd } from './measure.js';

const suite = 0xc0a8;
const patienceMs = 5000;
const atOnce = 8;

const tell = (message: FromCrowd): void => void process.send?.(message);

process.on('message', (job: CrowdJob) => {
  arrive(job).catch((error: unknown) => tell({ kind: 'failed', message: String(error) }));
});
process.on('disconnect', () => process.exit());

async function arrive({ port, first, count }: CrowdJob): Promise<void> {
  let next = first;
  const lane = async (): Promise<void> => {
    while (next < first + count) {
      const device = next++;
      while (!(await session(port, device)));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  tell({ kind: 'arrived', first, count });
}

/** One session and one record sent back; false when it took too long. Each has a loopback address and port of its own. */
async function session(port: number, device: number): Promise<boolean> {
  const socket = createSocket({ type: 'udp4' });
  socket.on('error', () => {});
  const local = { port: 10_000 + (device % 20_000), address: `127.0.1.${1 + Math.floor(device / 20_000)}` };
  await new Promise<void>((resolve) => socket.bind(local, resolve));
  await new Promise<void>((resolve) => socket.connect(port, '127.0.0.1', resolve));
  const options = { identity: `urn:imei:${860_000_000_000_000 + device}`, asksForCid: true };
  const client = new DtlsClient(suite, (datagram) => socket.send(datagram), options);
  socket.on('message', (datagram) => client.receive(datagram));
  return new Promise((resolve) => {
    const end = (done: boolean): void => {
      clearTimeout(late);
      socket.close(() => resolve(done));
    };
    const late = setTimeout(() => end(false), patienceMs);
    client.onReady = () => client.write(Buffer.alloc(32, 'a'));
    client.onData = () => end(true);
    client.start();
  });
}
