import { createSocket } from 'node:dgram';
import type { Job } from '../protocol.js';
import { answer, coapCode, encodeOptions, locationOf, optionNumber, request, template } from '../wire/coap.js';
import { registerTemplate } from '../wire/lwm2m-device.js';

const atOnce = 64;
const retryMs = 4000;
const giveUpMs = 60_000;
const asked = 1000;
// As for the sleeping sessions: every device has an address of its own, and its socket is closed when it has done its part.
const port = 19_999;
const addressOf = (index: number): string => `127.${1 + (index >> 16)}.${(index >> 8) & 0xff}.${index & 0xff}`;
const endpointOf = (index: number): string => `urn:imei:${860_000_000_000_000 + index}`;
const lifetimeSeconds = 86_400;
const links = '</>;rt="oma.lwm2m";ct=11542,</1/0>,</3/0>,</4/0>,</5/0>,</6/0>,</7/0>,</3303/0>';
/** An Observe option, no Content-Format, and text. */
const observedTail = Buffer.concat([
  encodeOptions([[optionNumber.observe, Buffer.from([1])]]),
  Buffer.from([0xff, 0x38]),
]);

/**
 * Registers devices, each of which the gateway observes. Then the gateway is killed and started again by `phase`, and
 * some of them update their registrations; gives how many have been answered with 2.04.
 */
export async function registeredDevices(job: Job, phase: (name: string) => Promise<void>): Promise<number> {
  await phase('before');
  const locations: (readonly Buffer[])[] = [];
  await each(job.sessions, async (index) => {
    locations[index] = await registered(job, index);
  });
  await phase('registered');
  if (job.idleMs > 0) await phase('idle');
  await phase('restarted');
  const count = Math.min(asked, job.sessions);
  const step = Math.floor(job.sessions / count);
  let known = 0;
  await each(count, async (nth) => {
    if (await updated(job, nth * step, locations[nth * step] ?? [])) known++;
  });
  if (known < count) throw new Error(`${count - known} of ${count} devices are not known after the restart`);
  return job.sessions;
}

async function each(count: number, one: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) await one(index);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** Registers a device and answers its first observation. */
function registered(job: Job, index: number): Promise<readonly Buffer[]> {
  const post = registerTemplate(endpointOf(index), links, lifetimeSeconds);
  let location: readonly Buffer[] | undefined;
  return exchange(job, index, request(post, index & 0xffff, index), (datagram, reply, done) => {
    const code = datagram[1] ?? 0;
    if (code === coapCode.created) location = locationOf(datagram).map((segment) => Buffer.from(segment));
    else if (code === coapCode.get) reply(answer(datagram, coapCode.content, observedTail), () => done(location ?? []));
  });
}

function updated(job: Job, index: number, location: readonly Buffer[]): Promise<boolean> {
  const options = encodeOptions(location.map((segment) => [optionNumber.uriPath, segment] as const));
  const update = request(template(coapCode.post, options), (index + 1) & 0xffff, index);
  return exchange(job, index, update, (datagram, _reply, done) => done(datagram[1] === coapCode.changed));
}

/** Sends a question from a device's own address until `take` says it is done. */
function exchange<T>(
  { target }: Job,
  index: number,
  question: Buffer,
  take: (datagram: Buffer, reply: (bytes: Buffer, sent: () => void) => void, done: (result: T) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({ type: 'udp4', lookup: (address, _options, found) => found(null, address, 4) });
    const send = (bytes: Buffer, sent?: () => void): void =>
      socket.send(bytes, target.coapPort ?? 0, target.host, () => sent?.());
    const again = setInterval(() => send(question), retryMs);
    const end = (): void => {
      clearInterval(again);
      clearTimeout(limit);
      socket.close();
    };
    const limit = setTimeout(() => {
      end();
      reject(new Error(`${endpointOf(index)}: no answer`));
    }, giveUpMs);
    const done = (result: T): void => {
      end();
      resolve(result);
    };
    socket.on('error', reject);
    socket.on('message', (datagram) => take(datagram, send, done));
    socket.bind({ address: addressOf(index), port, exclusive: true }, () => send(question));
  });
}
