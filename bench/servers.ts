import { type ChildProcess, fork, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Target } from './protocol.js';
import { searchGw } from './wire/mqttsn.js';

const root = join(import.meta.dirname, '..', '..');
const startWithinMs = 30_000;

/** Something under measurement that this run has started. */
export interface Started {
  readonly target: Target;
  stop(): Promise<void>;
}

/** The echo server that gives the floor. */
export async function startEcho(): Promise<Started> {
  const child = fork(join(import.meta.dirname, 'echo-server.js'));
  const port = await new Promise<number>((resolve) => child.once('message', (message) => resolve(Number(message))));
  return {
    target: {
      name: 'udp echo',
      host: '127.0.0.1',
      snPort: port,
      mqttPort: 0,
      coapPort: undefined,
      pids: child.pid === undefined ? [] : [child.pid],
    },
    stop: () => ended(child, 'SIGTERM'),
  };
}

/** Isthmus from dist/, on free ports of the loopback and with a configuration of its own. */
export async function startIsthmus(cpuProfile: string | undefined): Promise<Started> {
  const home = mkdtempSync(join(tmpdir(), 'isthmus-bench-'));
  const [mqttPort, snPort, coapPort] = [await freeTcpPort(), await freeUdpPort(), await freeUdpPort()];
  writeFileSync(
    join(home, 'isthmus.conf'),
    [
      `broker.listener.tcp = 127.0.0.1:${mqttPort}`,
      `store.dir = ${join(home, 'data')}`,
      'admin.listener = off',
      'log.level = warn',
      'log.format = json',
      '',
    ].join('\n'),
  );
  writeFileSync(
    join(home, 'emqx_sn.conf'),
    [`mqtt.sn.port = 127.0.0.1:${snPort}`, 'mqtt.sn.max_inflight = 4', 'mqtt.sn.session_expiry = 2h', ''].join('\n'),
  );
  writeFileSync(join(home, 'emqx_lwm2m.conf'), `lwm2m.bind.udp.1 = 127.0.0.1:${coapPort}\n`);
  const log = join(home, 'log');
  const profile = cpuProfile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${cpuProfile}`];
  const child = spawn(process.execPath, [...profile, join(root, 'dist', 'main.js'), 'start', '--etc', home], {
    cwd: root,
    stdio: ['ignore', openSync(log, 'a'), openSync(log, 'a')],
  });
  const stop = async (): Promise<void> => {
    await ended(child, 'SIGTERM');
    rmSync(home, { recursive: true, force: true });
  };
  if (!(await answers(snPort, child))) {
    const said = readFileSync(log, 'utf8').trim().split('\n').slice(-5).join('\n');
    await stop();
    throw new Error(`Isthmus did not start:\n${said}`);
  }
  const pids = child.pid === undefined ? [] : [child.pid];
  return { target: { name: 'isthmus', host: '127.0.0.1', snPort, mqttPort, coapPort, pids }, stop };
}

/** Whether the gateway answers a SEARCHGW before the time is up. */
async function answers(port: number, child: ChildProcess): Promise<boolean> {
  const socket = createSocket('udp4');
  socket.on('error', () => {});
  await new Promise<void>((resolve) => socket.connect(port, '127.0.0.1', resolve));
  const heard = new Promise<boolean>((resolve) => socket.once('message', () => resolve(true)));
  const gone = new Promise<boolean>((resolve) => child.once('exit', () => resolve(false)));
  const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), startWithinMs).unref());
  const asking = setInterval(() => socket.send(searchGw()), 50);
  const answered = await Promise.race([heard, gone, late]);
  clearInterval(asking);
  socket.close();
  return answered;
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  const kill = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await exit;
  clearTimeout(kill);
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}

async function freeTcpPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (address === null || typeof address === 'string') throw new Error('no free TCP port');
  return address.port;
}
