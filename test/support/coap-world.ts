import { Endpoint } from '#src/coap/endpoint.js';
import type { EndpointOptions } from '#src/coap/parameters.js';
import type { CoapReply, CoapRequest, RequestHandler } from '#src/coap/types.js';
import { type Log, silentLog } from '#src/core/log.js';
import { Metrics } from '#src/core/metrics.js';

import { FakeClock } from './fake-clock.js';
import { MemoryPeer, MemoryPort } from './memory-port.js';

/** An endpoint in memory on a fake clock, and one device that a test plays by hand. */
export interface World {
  readonly clock: FakeClock;
  readonly port: MemoryPort;
  readonly endpoint: Endpoint;
  readonly metrics: Metrics;
  readonly device: MemoryPeer;
  /** Requests that the handler has got. */
  readonly handled: CoapRequest[];
}

interface WorldOptions extends EndpointOptions {
  readonly handler?: RequestHandler;
  readonly log?: Log;
  /** Draws for waits and message ids, each 0 to 1; default always 0: waits of 2, 4, 8 ... s, message ids from 0. */
  readonly random?: () => number;
}

export async function world(options: WorldOptions = {}): Promise<World> {
  const clock = new FakeClock();
  const port = new MemoryPort();
  const metrics = new Metrics();
  const handled: CoapRequest[] = [];
  const { handler = () => ({ code: '4.04' }), log = silentLog, random = () => 0 } = options;
  let drawn = 0;
  const randomBytes = (size: number): Buffer => {
    const bytes = Buffer.alloc(size);
    for (let at = 0; at + 8 <= size; at += 8) bytes.writeUInt32BE(++drawn, at + 4);
    return bytes;
  };
  const endpoint = new Endpoint({ port, clock, log, metrics, random, randomBytes }, options);
  await endpoint.start((request, peer) => {
    handled.push(request);
    return handler(request, peer);
  });
  return { clock, port, endpoint, metrics, device: new MemoryPeer('device'), handled };
}

/** Lets promises run that have been settled. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** A handler's reply that is given by the test, later. */
export function deferred(): {
  reply: Promise<CoapReply>;
  resolve: (reply: CoapReply) => void;
  reject: (e: Error) => void;
} {
  let resolve: (reply: CoapReply) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const reply = new Promise<CoapReply>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { reply, resolve, reject };
}
