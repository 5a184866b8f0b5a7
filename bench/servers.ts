import { type ChildProcess, fork, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectTcp, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from './protocol.js';
import { coapType } from './wire/coap.js';
import { searchGw } from './wire/mqttsn.js';

const root = join(import.meta.dirname, '..', '..');
const startWithinMs = 60_000;
const pollMs = 50;

/** Something under measurement that this run has started. */
export interface Started {
  readonly target: Target;
  stop(): Promise<void>;
}

/** A gateway that can be killed and started again with what it has stored. */
export interface StartedGateway extends Started {
  /** Resolves with the ms until it serves devices again. */
  restart(): Promise<number>;
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

/** The least that could be called a gateway. */
export async function startSkeleton(): Promise<Started> {
  const child = fork(join(import.meta.dirname, 'skeleton-server.js'));
  const [snPort, mqttPort] = await new Promise<[number, number]>((resolve) =>
    child.once('message', (message) => resolve(message as [number, number])),
  );
  return {
    target: {
      name: 'skeleton',
      host: '127.0.0.1',
      snPort,
      mqttPort,
      coapPort: undefined,
      pids: child.pid === undefined ? [] : [child.pid],
    },
    stop: () => ended(child, 'SIGTERM'),
  };
}

/**
 * Isthmus from dist/, on free ports of the loopback and with a configuration of its own. `observes`: it observes every
 * LwM2M device.
 */
export async function startIsthmus(cpuProfile: string | undefined, observes: boolean): Promise<StartedGateway> {
  const home = mkdtempSync(join(tmpdir(), 'isthmus-bench-'));
  const [mqttPort, snPort, coapPort] = [await freePort(freeTcp), await freePort(freeUdp), await freePort(freeUdp)];
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
  writeFileSync(
    join(home, 'emqx_lwm2m.conf'),
    `lwm2m.bind.udp.1 = 127.0.0.1:${coapPort}\n${observes ? 'lwm2m.auto_observe = /3/0/9\n' : ''}`,
  );
  const profile = cpuProfile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${cpuProfile}`];
  let child = launch(home, profile);
  const pids = [child.pid ?? 0];
  const ready = async (): Promise<boolean> =>
    (await answers(snPort, mqttPort, child)) && (await answersCoap(coapPort, child));
  const stop = async (): Promise<void> => {
    await ended(child, 'SIGTERM');
    rmSync(home, { recursive: true, force: true });
  };
  if (!(await ready())) {
    await stop();
    throw new Error('Isthmus did not start');
  }
  const restart = async (): Promise<number> => {
    await ended(child, 'SIGKILL');
    const from = performance.now();
    child = launch(home, profile);
    pids[0] = child.pid ?? 0;
    if (!(await ready())) throw new Error('Isthmus did not start again');
    return performance.now() - from;
  };
  return { target: { name: 'isthmus', host: '127.0.0.1', snPort, mqttPort, coapPort, pids }, stop, restart };
}

function launch(home: string, nodeOptions: readonly string[]): ChildProcess {
  const log = join(home, 'log');
  const child = spawn(process.execPath, [...nodeOptions, join(root, 'dist', 'main.js'), 'start', '--etc', home], {
    cwd: root,
    stdio: ['ignore', openSync(log, 'a'), openSync(log, 'a')],
  });
  child.once('exit', (code, signal) => {
    if (code === 0 || child.killed) return;
    const said = readFileSync(log, 'utf8').trim().split('\n').slice(-5).join('\n');
    process.stderr.write(`Isthmus ended by itself (${code ?? signal}):\n${said}\n`);
  });
  return child;
}

/** Whether a CoAP ping is answered before the time is up. */
async function answersCoap(port: number, child: ChildProcess): Promise<boolean> {
  const socket = createSocket('udp4');
  socket.on('error', () => {});
  await new Promise<void>((resolve) => socket.connect(port, '127.0.0.1', resolve));
  const heard = new Promise<boolean>((resolve) => socket.once('message', () => resolve(true)));
  const gone = new Promise<boolean>((resolve) => child.once('exit', () => resolve(false)));
  const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), startWithinMs).unref());
  const asking = setInterval(() => socket.send(Buffer.from([coapType.con, 0, 0, 1])), pollMs);
  const answered = await Promise.race([heard, gone, late]);
  clearInterval(asking);
  socket.close();
  return answered;
}

/** Whether the gateway answers a SEARCHGW and takes an MQTT connection before the time is up. */
async function answers(snPort: number, mqttPort: number, child: ChildProcess): Promise<boolean> {
  const socket = createSocket('udp4');
  socket.on('error', () => {});
  await new Promise<void>((resolve) => socket.connect(snPort, '127.0.0.1', resolve));
  const heard = new Promise<boolean>((resolve) => socket.once('message', () => resolve(true)));
  const gone = new Promise<boolean>((resolve) => child.once('exit', () => resolve(false)));
  const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), startWithinMs).unref());
  const asking = setInterval(() => socket.send(searchGw()), pollMs);
  const connected = (async () => {
    while (!(await accepts(mqttPort))) await sleep(pollMs);
    return true;
  })();
  const both = Promise.all([heard, connected]).then(() => true);
  const answered = await Promise.race([both, gone, late]);
  clearInterval(asking);
  socket.close();
  return answered;
}

function accepts(port: number): Promise<boolean> {
  const socket = connectTcp(port, '127.0.0.1');
  return new Promise((resolve) => {
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  const kill = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await exit;
  clearTimeout(kill);
}

/** A port that nothing listens on. Taken from below the range that the system hands out by itself, so that it stays free. */
async function freePort(bind: (port: number) => Promise<boolean>): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (await bind(port)) return port;
  }
}

function freeUdp(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  return new Promise((resolve) => {
    socket.once('error', () => resolve(false));
    socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(true)));
  });
}

function freeTcp(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
