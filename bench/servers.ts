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

/** One of our gateways. */
export interface StartedGateway extends Started {
  /** Kills the gateway, if it runs, and starts it again with what it has stored; resolves with the ms until it serves. */
  restart(): Promise<number>;
}

/** Which of our gateways to start. */
export interface IsthmusOptions {
  readonly name: string;
  /** It observes every LwM2M device. */
  readonly observes?: boolean;
  /** Where its CPU profile goes. */
  readonly cpuProfile?: string | undefined;
  /** Without a store: what the durability costs is seen beside it. */
  readonly inMemory?: boolean;
  /** The MQTT broker behind it, instead of its own. */
  readonly external?: Broker | undefined;
}

/** A plain MQTT broker. */
export interface Broker {
  readonly host: string;
  readonly port: number;
  readonly pids: readonly number[];
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

/** Isthmus from dist/, on free ports of the loopback and with a configuration of its own. */
export async function startIsthmus(options: IsthmusOptions): Promise<StartedGateway> {
  const { name, cpuProfile, inMemory = false, observes = false, external } = options;
  const home = mkdtempSync(join(tmpdir(), 'isthmus-bench-'));
  const [tcpPort, snPort, coapPort] = [await freePort(freeTcp), await freePort(freeUdp), await freePort(freeUdp)];
  const mqttPort = external?.port ?? tcpPort;
  writeFileSync(
    join(home, 'isthmus.conf'),
    [
      `broker.listener.tcp = 127.0.0.1:${tcpPort}`,
      ...(external ? ['broker.mode = external', `broker.url = mqtt://${external.host}:${external.port}`] : []),
      // What is kept for who is away is measured by its rate, and not by where it ends.
      'broker.queue_limit = 1000000',
      `store.dir = ${join(home, 'data')}`,
      'admin.listener = off',
      'log.level = warn',
      'log.format = json',
      '',
    ].join('\n'),
  );
  writeFileSync(
    join(home, 'emqx_sn.conf'),
    [
      `mqtt.sn.port = 127.0.0.1:${snPort}`,
      'mqtt.sn.max_inflight = 4',
      'mqtt.sn.session_expiry = 2h',
      'mqtt.sn.sleep_queue_limit = 60000',
      '',
    ].join('\n'),
  );
  writeFileSync(
    join(home, 'emqx_lwm2m.conf'),
    `lwm2m.bind.udp.1 = 127.0.0.1:${coapPort}\n${observes ? 'lwm2m.auto_observe = /3/0/9\n' : ''}`,
  );
  const log = join(home, 'log');
  const profile = cpuProfile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${cpuProfile}`];
  const main = inMemory ? join(import.meta.dirname, 'gateway-in-memory.js') : join(root, 'dist', 'main.js');
  let stopping = false;
  const launch = (): ChildProcess => {
    const child = spawn(process.execPath, [...profile, main, 'start', '--etc', home], {
      cwd: root,
      stdio: ['ignore', openSync(log, 'a'), openSync(log, 'a')],
    });
    child.once('exit', (code, signal) => {
      if (stopping) return;
      const said = readFileSync(log, 'utf8').trim().split('\n').slice(-5).join('\n');
      process.stderr.write(`Isthmus ended by itself (${code ?? signal}):\n${said}\n`);
    });
    return child;
  };
  let child = launch();
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    stopping = true;
    await ended(child, signal);
    stopping = false;
  };
  const stop = async (): Promise<void> => {
    await end('SIGTERM');
    rmSync(home, { recursive: true, force: true });
  };
  const ready = async (): Promise<void> => {
    if (await answers({ snPort, mqttPort, coapPort }, child)) return;
    await stop();
    throw new Error('Isthmus did not start');
  };
  await ready();
  // With the process of now in the first place.
  const pids = [child.pid ?? 0, ...(external?.pids ?? [])];
  return {
    target: { name, host: '127.0.0.1', snPort, mqttPort, coapPort, pids },
    stop,
    async restart() {
      await end('SIGKILL');
      const from = performance.now();
      child = launch();
      pids[0] = child.pid ?? 0;
      await ready();
      return performance.now() - from;
    },
  };
}

/** Whether the gateway answers a SEARCHGW and a CoAP ping and takes an MQTT connection before the time is up. */
async function answers(
  ports: Record<'snPort' | 'mqttPort' | 'coapPort', number>,
  child: ChildProcess,
): Promise<boolean> {
  const asked = [ask(ports.snPort, searchGw()), ask(ports.coapPort, Buffer.from([coapType.con, 0, 0, 1]))];
  const connected = (async () => {
    while (!(await accepts(ports.mqttPort))) await sleep(pollMs);
    return true;
  })();
  const all = Promise.all([...asked.map(({ heard }) => heard), connected]).then(() => true);
  const gone = new Promise<boolean>((resolve) => child.once('exit', () => resolve(false)));
  const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), startWithinMs).unref());
  const answered = await Promise.race([all, gone, late]);
  for (const { stop } of asked) stop();
  return answered;
}

/** Sends a datagram again and again until something comes back. */
function ask(port: number, question: Buffer): { readonly heard: Promise<void>; readonly stop: () => void } {
  const socket = createSocket('udp4');
  socket.on('error', () => {});
  const heard = new Promise<void>((resolve) => socket.once('message', () => resolve()));
  socket.connect(port, '127.0.0.1');
  const asking = setInterval(() => socket.send(question), pollMs);
  const stop = (): void => {
    clearInterval(asking);
    socket.close();
  };
  return { heard, stop };
}

/** Whether something listens. */
export function accepts(port: number): Promise<boolean> {
  const socket = connectTcp(port, '127.0.0.1');
  return new Promise((resolve) => {
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

/** Ends a process, by force if it does not hear. */
export async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  const kill = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await exit;
  clearTimeout(kill);
}

/** A port that nothing listens on. Taken from below the range that the system hands out by itself, so that it stays free. */
export async function freePort(bind: (port: number) => Promise<boolean>): Promise<number> {
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

export function freeTcp(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
