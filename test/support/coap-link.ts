import { Endpoint } from '#src/coap/endpoint.js';
import type { EndpointOptions } from '#src/coap/parameters.js';
import type { RequestHandler } from '#src/coap/types.js';
import type { DatagramHandler, DatagramPort, Peer } from '#src/core/datagram.js';
import { silentLog } from '#src/core/log.js';
import { Metrics } from '#src/core/metrics.js';
import { type Loss, lossyLink } from '#src/net/lossy.js';
import { FakeClock } from './fake-clock.js';

const latencyMs = 10;

/** Two endpoints joined by a link that loses, doubles and reorders datagrams, on one fake clock. */
export interface Link {
  readonly clock: FakeClock;
  readonly left: Endpoint;
  readonly right: Endpoint;
  /** The right end as the left one's peer, and the other way round. */
  readonly toRight: Peer;
  readonly toLeft: Peer;
  readonly metrics: Metrics;
  /** Turns the clock until a promise is settled. */
  readonly until: <T>(promise: Promise<T>) => Promise<T>;
}

/** A number in [0, 1) from a seed, the same sequence each time (a linear congruential generator). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

export async function link(
  handlers: { readonly left?: RequestHandler; readonly right?: RequestHandler },
  loss: Loss,
  options: { readonly left?: EndpointOptions; readonly right?: EndpointOptions; readonly seed?: number } = {},
): Promise<Link> {
  const clock = new FakeClock();
  const random = seeded(options.seed ?? 1);
  const pass = lossyLink(loss, clock, random);
  const [leftPort, rightPort] = [new LinkPort('left'), new LinkPort('right')];
  const end = (from: LinkPort, to: LinkPort): Peer => ({
    key: to.name,
    address: to.name,
    send(datagram) {
      const copy = Buffer.from(datagram);
      pass(() => clock.after('link', latencyMs, () => to.handler?.(copy, from.asPeer as Peer)));
    },
  });
  const toRight = end(leftPort, rightPort);
  const toLeft = end(rightPort, leftPort);
  leftPort.asPeer = toLeft;
  rightPort.asPeer = toRight;
  const metrics = new Metrics();
  const parts = { clock, log: silentLog, metrics, random };
  const left = new Endpoint({ ...parts, port: leftPort }, options.left);
  const right = new Endpoint({ ...parts, port: rightPort }, options.right);
  await left.start(handlers.left ?? (() => ({ code: '4.04' })));
  await right.start(handlers.right ?? (() => ({ code: '4.04' })));
  const until = async <T>(promise: Promise<T>): Promise<T> => {
    const progress = { over: false };
    const end = (): void => {
      progress.over = true;
    };
    promise.then(end, end);
    for (let turns = 0; !progress.over && turns < 200_000; turns++) {
      clock.advance(100);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return promise;
  };
  return { clock, left, right, toRight, toLeft, metrics, until };
}

class LinkPort implements DatagramPort {
  readonly name: string;
  handler: DatagramHandler | undefined;
  /** This end as the other one sees it. */
  asPeer: Peer | undefined;

  constructor(name: string) {
    this.name = name;
  }

  async start(handler: DatagramHandler): Promise<void> {
    this.handler = handler;
  }

  async stop(): Promise<void> {
    this.handler = undefined;
  }
}
