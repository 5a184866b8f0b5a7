import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { confFolder, freeTcpPort, Running } from './support.js';

/** A real mosquitto that keeps what it has over a restart. */
export class Mosquitto {
  readonly mqttPort: number;
  private readonly t: ExecutionContext;
  private readonly conf: string;
  private process: Running | undefined;

  private constructor(t: ExecutionContext, mqttPort: number, conf: string) {
    this.t = t;
    this.mqttPort = mqttPort;
    this.conf = conf;
  }

  /** Prepared, not started; `more` are lines of its configuration. */
  static async make(t: ExecutionContext, ...more: string[]): Promise<Mosquitto> {
    const [home, port] = [confFolder(t), await freeTcpPort()];
    const conf = join(home, 'mosquitto.conf');
    const lines = [`listener ${port} 127.0.0.1`, 'allow_anonymous true', 'persistence true', 'user root'];
    writeFileSync(conf, `${[...lines, ...more, `persistence_location ${home}/`].join('\n')}\n`);
    return new Mosquitto(t, port, conf);
  }

  static async start(t: ExecutionContext, ...more: string[]): Promise<Mosquitto> {
    const made = await Mosquitto.make(t, ...more);
    await made.start();
    return made;
  }

  async start(): Promise<void> {
    this.process = new Running(this.t, 'mosquitto', ['-c', this.conf]);
    await this.process.waitFor('running');
  }

  async stop(): Promise<void> {
    await this.process?.stop();
  }
}
