import type { Job } from '../protocol.js';
import { MqttWire } from '../wire/mqtt.js';
import { SnDevice } from '../wire/sn-device.js';

const atOnce = 64;
const sleepSeconds = 3600;
// Every session has an address of its own, 127.1.0.0 and up, so that it lives on when its socket is closed and no limit per
// source slows the others.
const port = 20_000;
export const addressOf = (index: number): string => `127.${1 + (index >> 16)}.${(index >> 8) & 0xff}.${index & 0xff}`;

/** Opens sleeping sessions with one subscription each. `phase` is awaited between the steps, for main to look at the memory. */
export async function sleepers(job: Job, phase: (name: string) => Promise<void>): Promise<number> {
  const { host, snPort = 0, mqttPort } = job.target;
  await phase('before');
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < job.sessions; index = next++) {
      const bind = { address: addressOf(index), port };
      const device = await SnDevice.connect(host, snPort, `sleeper-${index}`, { bind });
      await device.subscribe(`bench/sleep/${index}`, 1);
      await device.sleep(sleepSeconds);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  await phase('asleep');
  const publisher = await MqttWire.connect(host, mqttPort, 'bench-publisher');
  const body = Buffer.alloc(job.payload, '.');
  let stored = 0;
  await new Promise<void>((resolve) => {
    let sent = 0;
    const one = (): void => {
      if (sent < job.sessions) publisher.publish(Buffer.from(`bench/sleep/${sent}`), 1, (sent++ % 0xffff) + 1, body);
    };
    publisher.onPuback = () => {
      if (++stored === job.sessions) resolve();
      else one();
    };
    for (let first = 0; first < atOnce; first++) one();
  });
  publisher.close();
  await phase('stored');
  return stored;
}
