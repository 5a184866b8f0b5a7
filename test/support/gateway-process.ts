import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { freeTcpPort, freeUdpPort } from './free-port.js';

/** The built program. */
export const mainFile = join(import.meta.dirname, '..', '..', '..', 'dist', 'main.js');

const startWithinMs = 60_000;
const stopWithinMs = 5000;

/** Lines for the three configuration files. */
export interface GatewaySettings {
  readonly isthmus?: readonly string[];
  readonly sn?: readonly string[];
  readonly lwm2m?: readonly string[];
}

/** An empty configuration folder that goes with the test. */
export function confFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'isthmus-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * The built gateway in a process of its own, on ports of the loopback that nothing else uses. It can be killed and started
 * again with the same data; it ends with the test.
 */
export class GatewayProcess {
  readonly snPort: number;
  readonly mqttPort: number;
  readonly coapPort: number;
  /** Called with each line of its log. */
  onLine: (line: string) => void = () => {};
  private readonly home: string;
  private child: ChildProcess | undefined;
  private ended: Promise<void> = Promise.resolve();
  private said: string[] = [];

  private constructor(home: string, ports: { sn: number; mqtt: number; coap: number }, settings: GatewaySettings) {
    this.home = home;
    this.snPort = ports.sn;
    this.mqttPort = ports.mqtt;
    this.coapPort = ports.coap;
    this.configure(settings);
  }

  /** Starts it and waits until it listens. */
  static async start(t: ExecutionContext, settings: GatewaySettings = {}): Promise<GatewayProcess> {
    const ports = { sn: await freeUdpPort(), mqtt: await freeTcpPort(), coap: await freeUdpPort() };
    const gateway = new GatewayProcess(confFolder(t), ports, settings);
    t.teardown(() => gateway.stop());
    await gateway.start();
    return gateway;
  }

  /** The last lines of its log. */
  get log(): string {
    return this.said.join('\n');
  }

  /** Resident memory in KiB; undefined where /proc does not tell. */
  get residentKiB(): number | undefined {
    try {
      const status = readFileSync(`/proc/${this.child?.pid}/status`, 'latin1');
      return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]);
    } catch {
      return undefined;
    }
  }

  /** Starts the process, again if it has ended; gives the ms until it said that it listens everywhere. */
  async start(): Promise<number> {
    const begun = performance.now();
    // What is meant for the tests is no configuration.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ISTHMUS_')));
    const child = spawn(process.execPath, [mainFile, 'start', '--etc', this.home], { env });
    this.child = child;
    this.ended = new Promise((resolve) => {
      child.once('error', () => resolve());
      child.once('close', () => resolve());
    });
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => fail(`was not ready after ${startWithinMs} ms`), startWithinMs);
      const fail = (why: string): void => {
        clearTimeout(late);
        reject(new Error(`the gateway ${why}:\n${this.log}`));
      };
      void this.ended.then(() => fail('ended'));
      child.stdout.setEncoding('utf8');
      child.stderr.setEncoding('utf8');
      for (const stream of [child.stdout, child.stderr]) {
        onLines(stream, (line) => {
          this.take(line);
          // The last of them: whoever says this has started everything.
          if (!line.includes('"LwM2M listens on ')) return;
          clearTimeout(late);
          resolve();
        });
      }
    });
    return performance.now() - begun;
  }

  /** Waits until a line of its log matches; an Error if none does in time. */
  async waitFor(pattern: RegExp, withinMs = 15_000): Promise<void> {
    for (const until = performance.now() + withinMs; !pattern.test(this.log); ) {
      if (performance.now() > until) throw new Error(`no line like ${pattern} in:\n${this.log}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Drops its log, so that only what it says from now on is waited for. */
  forget(): void {
    this.said = [];
  }

  /** Ends it in the middle of whatever it does. */
  async kill(): Promise<void> {
    this.child?.kill('SIGKILL');
    await this.ended;
  }

  /** Lets it end properly. */
  async stop(): Promise<void> {
    this.child?.kill('SIGTERM');
    const late = setTimeout(() => this.child?.kill('SIGKILL'), stopWithinMs);
    await this.ended;
    clearTimeout(late);
  }

  private configure({ isthmus = [], sn = [], lwm2m = [] }: GatewaySettings): void {
    const file = (name: string, ...lines: string[]): void =>
      writeFileSync(join(this.home, name), `${lines.join('\n')}\n`);
    file(
      'isthmus.conf',
      `broker.listener.tcp = 127.0.0.1:${this.mqttPort}`,
      `store.dir = ${join(this.home, 'data')}`,
      'admin.listener = off',
      'log.format = json',
      ...isthmus,
    );
    file('emqx_sn.conf', `mqtt.sn.port = 127.0.0.1:${this.snPort}`, ...sn);
    file('emqx_lwm2m.conf', `lwm2m.bind.udp.1 = 127.0.0.1:${this.coapPort}`, ...lwm2m);
  }

  private take(line: string): void {
    if (this.said.push(line) > 200) this.said = this.said.slice(-100);
    this.onLine(line);
  }
}

function onLines(stream: NodeJS.ReadableStream, take: (line: string) => void): void {
  let rest = '';
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  });
}
