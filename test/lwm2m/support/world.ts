import type { Message } from '#src/broker/port.js';
import type { CoapReply, CoapResponse } from '#src/coap/types.js';
import type { Peer } from '#src/core/datagram.js';
import { silentLog } from '#src/core/log.js';
import { Metrics } from '#src/core/metrics.js';
import { Journal } from '#src/lwm2m/journal.js';
import { defaultLwm2mOptions, type Lwm2mOptions } from '#src/lwm2m/options.js';
import { Lwm2mServer } from '#src/lwm2m/server.js';
import { noStore } from '#src/store/no-store.js';
import type { Store } from '#src/store/store.js';
import { FakeBroker, type PublishOptions } from '../../support/fake-broker.js';
import { FakeClock } from '../../support/fake-clock.js';
import { MemoryPeer } from '../../support/memory-port.js';
import { shipped } from './definitions.js';
import { FakeCoap, settled } from './fake-coap.js';

/** What a test lets a device register with. */
export interface Registering {
  readonly query?: readonly string[];
  readonly links?: string;
  readonly peer?: Peer;
}

/** A server between a broker and devices that the test plays, with a clock that the test turns. */
export class World {
  readonly clock: FakeClock;
  readonly broker: FakeBroker;
  readonly coap: FakeCoap;
  readonly metrics = new Metrics();
  readonly server: Lwm2mServer;
  /** Everything published below `lwm2m/`. */
  readonly seen: Message[];
  private readonly options: Partial<Lwm2mOptions>;
  private ids: number;

  private constructor(options: Partial<Lwm2mOptions>, store: Store, before?: World) {
    this.options = options;
    this.clock = new FakeClock(before?.clock.now());
    this.broker = new FakeBroker();
    this.coap = new FakeCoap(this.clock);
    this.ids = before?.ids ?? 0;
    for (const [topic, message] of before?.broker.retained ?? []) this.broker.retained.set(topic, message);
    this.server = new Lwm2mServer({
      // Most tests are about something else than the status topic.
      options: { ...defaultLwm2mOptions, statusTopic: undefined, ...options },
      endpoints: [this.coap],
      broker: this.broker,
      definitions: shipped,
      journal: new Journal(store),
      clock: this.clock,
      randomBytes: (size) => Buffer.alloc(size, ++this.ids),
      log: silentLog,
      metrics: this.metrics,
    });
    this.seen = this.broker.watch('lwm2m/+/+/#');
  }

  static async start(options: Partial<Lwm2mOptions> = {}, store: Store = noStore): Promise<World> {
    const world = new World(options, store);
    await world.server.start();
    return world;
  }

  /** Another process with what this one has left, at the same time; the broker keeps retained messages only. */
  async restart(store: Store, options: Partial<Lwm2mOptions> = {}): Promise<World> {
    const world = new World({ ...this.options, ...options }, store, this);
    await world.server.start();
    await world.settled();
    return world;
  }

  /** A device registers; `1.0` with a lifetime of 300 s unless told otherwise. */
  register(endpoint: string, { query = [], links = '</1/0>,</3/0>', peer }: Registering = {}): Promise<CoapReply> {
    return this.coap.receive(peer ?? new MemoryPeer(`peer of ${endpoint}`), {
      method: 'POST',
      path: ['rd'],
      query: [`ep=${endpoint}`, ...(query.some((option) => option.startsWith('lt')) ? [] : ['lt=300']), ...query],
      contentFormat: 40,
      payload: Buffer.from(links),
    });
  }

  /** Registers and forgets what was published meanwhile; gives the registration's path. */
  async registered(endpoint: string, registering?: Registering): Promise<string[]> {
    const reply = await this.register(endpoint, registering);
    if (reply.code !== '2.01' || reply.location === undefined) throw new Error(`registration answered ${reply.code}`);
    this.published();
    return [...reply.location];
  }

  /** An application publishes a command, as an object or as text. */
  async command(topic: string, command: object | string, options: PublishOptions = {}): Promise<void> {
    await this.broker.publish(topic, typeof command === 'string' ? command : JSON.stringify(command), options);
    await settled();
  }

  /** The oldest request to a device, in a line: `GET /3/0 accept 11542`, `PUT /3/0/13 11542 c20d3039`. */
  request(): string {
    const { request, observe } = this.coap.next();
    const { method, path = [], query = [], accept, contentFormat, payload } = request;
    return [
      method,
      `/${path.join('/')}${query.length === 0 ? '' : `?${query.join('&')}`}`,
      ...(contentFormat === undefined ? [] : [contentFormat, payload?.toString('hex')]),
      ...(accept === undefined ? [] : ['accept', accept]),
      ...(observe === undefined ? [] : ['observe', observe]),
    ].join(' ');
  }

  /** The device answers the oldest request. */
  async answer(response: Partial<CoapResponse> & Pick<CoapResponse, 'code'>): Promise<void> {
    this.coap.next().answer(response);
    await settled();
  }

  /** Lets everything run that waits for a promise only. */
  settled(): Promise<void> {
    return settled();
  }

  /** What has been published since the last call, commands left out: topic and text. */
  published(): [string, string][] {
    return this.seen
      .splice(0)
      .map(({ topic, payload }): [string, string] => [topic, payload.toString()])
      .filter(([topic]) => !/\/(command|dn\/.*)$/.test(topic));
  }
}

/** A text payload. */
export function text(value: string): Pick<CoapResponse, 'contentFormat' | 'payload'> {
  return { contentFormat: 0, payload: Buffer.from(value) };
}

/** A TLV payload, in hexadecimal. */
export function tlv(hex: string): Pick<CoapResponse, 'contentFormat' | 'payload'> {
  return { contentFormat: 11542, payload: Buffer.from(hex.replaceAll(' ', ''), 'hex') };
}
