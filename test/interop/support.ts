import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { GatewayProcess, type GatewaySettings } from '../support/gateway-process.js';

export { freeTcpPort, freeUdpPort } from '../support/free-port.js';
export { confFolder, mainFile } from '../support/gateway-process.js';

/** The built gateway on ports of its own. */
export type Gateway = GatewayProcess;

/** Where MQTT is spoken. */
type HasMqtt = Pick<Gateway, 'mqttPort'>;

const patienceMs = 15_000;

/** The whole path of a program, or undefined when it is not installed. */
export function find(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Whether all these programs are here; otherwise the test passes with a line that says which are missing. */
export function installed(t: ExecutionContext, ...names: string[]): boolean {
  const missing = names.filter((name) => find(name) === undefined);
  if (missing.length === 0) return true;
  t.log(`skipped: ${missing.join(', ')} not installed`);
  t.pass();
  return false;
}

/** A program that runs; what it writes, on either stream, is kept. Ends with the test. */
export class Running {
  output = '';
  /** Its exit code once it has ended; null when a signal ended it. */
  readonly ended: Promise<number | null>;
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly name: string;
  private waiting: (() => void)[] = [];

  constructor(t: ExecutionContext, name: string, args: readonly string[], options: { cwd?: string } = {}) {
    this.name = name;
    // A filter of coreutils that keeps a program from holding its output back when it writes into a pipe.
    const unbuffered = find('stdbuf');
    const command = unbuffered === undefined ? [name, ...args] : [unbuffered, '-o0', '-e0', name, ...args];
    this.child = spawn(command[0] ?? name, command.slice(1), options);
    const keep = (chunk: Buffer): void => {
      this.output += chunk.toString();
      this.wake();
    };
    this.child.stdout.on('data', keep);
    this.child.stderr.on('data', keep);
    this.child.stdin.on('error', () => {});
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => {
        this.output += error.message;
        resolve(null);
      });
      this.child.once('close', (code) => {
        resolve(code);
        this.wake();
      });
    });
    t.teardown(() => this.stop());
  }

  /** Waits until this has been written, and gives what was found; an Error with the whole output when it does not come. */
  async waitFor(wanted: RegExp | string, timeoutMs = patienceMs): Promise<RegExpExecArray> {
    const pattern = typeof wanted === 'string' ? new RegExp(wanted.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')) : wanted;
    const until = Date.now() + timeoutMs;
    for (;;) {
      const found = pattern.exec(this.output);
      if (found) return found;
      const left = until - Date.now();
      if (left <= 0 || this.child.exitCode !== null) {
        throw new Error(`${this.name} did not say ${wanted}, but:\n${this.output}`);
      }
      await this.said(left);
    }
  }

  /** Forgets what was written so far. */
  clear(): void {
    this.output = '';
  }

  /** Writes to its standard input. */
  write(text: string): void {
    this.child.stdin.write(text);
  }

  /** Ends its standard input. */
  end(text = ''): void {
    this.child.stdin.end(text);
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal);
    const late = setTimeout(() => this.child.kill('SIGKILL'), 5000);
    const code = await this.ended;
    clearTimeout(late);
    return code;
  }

  private said(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  private wake(): void {
    for (const resume of this.waiting.splice(0)) resume();
  }
}

/** Runs a program to its end: its exit code and what it wrote. */
export async function run(
  t: ExecutionContext,
  name: string,
  args: readonly string[],
  stdin = '',
): Promise<{ readonly code: number | null; readonly output: string }> {
  const running = new Running(t, name, args);
  running.end(stdin);
  const late = setTimeout(() => void running.stop(), patienceMs);
  const code = await running.ended;
  clearTimeout(late);
  return { code, output: running.output };
}

/** Starts the built gateway with these lines in its three files; it ends with the test. */
export function startGateway(t: ExecutionContext, settings: GatewaySettings = {}): Promise<Gateway> {
  return GatewayProcess.start(t, settings);
}

/** mosquitto_sub on these filters, once it is subscribed. Each message becomes a line `got <topic> <qos> <retain> <payload>`. */
export async function listen(t: ExecutionContext, gateway: HasMqtt, ...filters: string[]): Promise<Running> {
  const topics = filters.flatMap((filter) => ['-t', filter]);
  const args = ['-h', '127.0.0.1', '-p', `${gateway.mqttPort}`, '-d', '-q', '2', '-F', 'got %t %q %r %p', ...topics];
  const subscriber = new Running(t, 'mosquitto_sub', args);
  await subscriber.waitFor(/Subscribed \(mid: \d+\)/);
  return subscriber;
}

/** mosquitto_pub of one message. */
export async function publish(
  t: ExecutionContext,
  gateway: HasMqtt,
  topic: string,
  payload: string,
  ...more: string[]
): Promise<void> {
  const args = ['-h', '127.0.0.1', '-p', `${gateway.mqttPort}`, '-t', topic, '-m', payload, ...more];
  const { code, output } = await run(t, 'mosquitto_pub', args);
  if (code !== 0) throw new Error(`mosquitto_pub ended with ${code}: ${output}`);
}
