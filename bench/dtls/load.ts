// The load on a DTLS server: a process of its own, told by its parent what to do.
import { createSocket, type Socket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { DtlsClient } from './client.js';
import { type DtlsJob, type FromLoad, measurements } from './measure.js';

const patienceMs = 1500;
const counts = { completed: 0, lost: 0 };
let running = true;

const tell = (message: FromLoad): void => void process.send?.(message);

process.once('message', (job: DtlsJob) => {
  run(job)
    .catch((error: unknown) => tell({ kind: 'failed', message: String(error) }))
    .finally(() => setTimeout(() => process.exit(), 50));
});

async function run(job: DtlsJob): Promise<void> {
  const work = job.measurement === 'records' ? records : handshakes;
  for (let client = 0; client < job.clients; client++) work(job);
  await sleep(job.warmupMs);
  Object.assign(counts, { completed: 0, lost: 0 });
  tell({ kind: 'phase', phase: 'start' });
  const start = performance.now();
  await sleep(job.measureMs);
  const [{ completed, lost }, ms] = [counts, performance.now() - start];
  tell({ kind: 'phase', phase: 'end' });
  running = false;
  if (completed === 0) throw new Error('nothing was completed');
  tell({ kind: 'counted', completed, lost, ms });
}

/** One handshake after another, each from a port of its own. */
function handshakes(job: DtlsJob): void {
  void connect(job).then(({ client, socket }) => {
    if (client === undefined) counts.lost++;
    else {
      counts.completed++;
      client.close();
    }
    socket.close();
    if (running) handshakes(job);
  });
}

/** Sessions that keep so many records under way; the server sends each back. */
function records(job: DtlsJob): void {
  void connect(job).then(({ client, socket }) => {
    if (client === undefined) {
      socket.close();
      records(job);
      return;
    }
    // A line, for servers that answer lines.
    const data = Buffer.alloc(job.payload, 'a');
    data[job.payload - 1] = 0x0a;
    let heardAt = 0;
    const fill = (): void => {
      heardAt = performance.now();
      for (let sent = 0; sent < job.window; sent++) client.write(data);
    };
    client.onData = () => {
      counts.completed++;
      heardAt = performance.now();
      client.write(data);
    };
    setInterval(() => {
      if (performance.now() - heardAt < patienceMs) return;
      counts.lost += job.window;
      fill();
    }, patienceMs / 3);
    fill();
  });
}

/** A client after its handshake; without one when it did not complete in time. */
async function connect(job: DtlsJob): Promise<{ client: DtlsClient | undefined; socket: Socket }> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
  socket.on('error', () => {});
  await new Promise<void>((resolve) => socket.connect(job.port, job.host, resolve));
  const client = new DtlsClient(measurements[job.measurement].suite, (datagram) => socket.send(datagram));
  socket.on('message', (datagram) => client.receive(datagram));
  const ready = await new Promise<boolean>((resolve) => {
    const late = setTimeout(() => resolve(false), patienceMs);
    client.onReady = () => {
      clearTimeout(late);
      resolve(true);
    };
    client.start();
  });
  return { client: ready ? client : undefined, socket };
}
