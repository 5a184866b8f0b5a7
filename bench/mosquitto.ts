import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { accepts, ended, freePort, freeTcp, type Started } from './servers.js';

const pollMs = 50;
const polls = 200;

/**
 * Mosquitto, on a free port and as it comes but for its limits of queues. With persistence, as Debian has it, it writes what
 * it keeps every half hour and at its end, and nothing in between.
 */
export async function startMosquitto(persistence: boolean): Promise<Started> {
  const home = mkdtempSync(join(tmpdir(), 'mosquitto-bench-'));
  // Started by root it becomes a user of its own, who must be able to write there.
  chmodSync(home, 0o777);
  const port = await freePort(freeTcp);
  const file = join(home, 'mosquitto.conf');
  writeFileSync(
    file,
    [
      `listener ${port} 127.0.0.1`,
      'allow_anonymous true',
      'max_queued_messages 0',
      `persistence ${persistence}`,
      `persistence_location ${home}/`,
      'log_type error',
      '',
    ].join('\n'),
  );
  const child = spawn('mosquitto', ['-c', file], { stdio: ['ignore', 'ignore', 'inherit'] });
  const failed = new Promise<Error>((resolve) => child.once('error', resolve));
  const stop = async (): Promise<void> => {
    await ended(child, 'SIGTERM');
    rmSync(home, { recursive: true, force: true });
  };
  for (let poll = 0; poll < polls && child.exitCode === null; poll++) {
    if (await accepts(port)) {
      const pids = child.pid === undefined ? [] : [child.pid];
      const name = persistence ? 'mosquitto' : 'mosquitto, no persistence';
      return {
        target: { name, host: '127.0.0.1', snPort: undefined, mqttPort: port, coapPort: undefined, pids },
        stop,
      };
    }
    const error = await Promise.race([failed, sleep(pollMs)]);
    if (error) throw new Error(`mosquitto: ${error.message}`);
  }
  await stop();
  throw new Error('mosquitto did not start');
}
