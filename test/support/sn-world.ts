import { setImmediate } from 'node:timers/promises';
import { Reader } from '#src/core/bytes.js';
import type { Identity } from '#src/core/datagram.js';
import { DecodeError } from '#src/core/errors.js';
import { silentLog } from '#src/core/log.js';
import { Metrics } from '#src/core/metrics.js';
import { decode } from '#src/mqttsn/decode.js';
import { encode } from '#src/mqttsn/encode.js';
import { format } from '#src/mqttsn/format.js';
import { Journal } from '#src/mqttsn/journal.js';
import type { SnOptions } from '#src/mqttsn/options.js';
import type { Connect, Packet, Publish } from '#src/mqttsn/packets.js';
import { SnServer } from '#src/mqttsn/server.js';
import type { Store } from '#src/store/store.js';
import { FakeBroker } from './fake-broker.js';
import { FakeClock } from './fake-clock.js';
import { type MemoryPeer, MemoryPort } from './memory-port.js';

type Overrides = Partial<Omit<SnOptions, 'session'>> & { readonly session?: Partial<SnOptions['session']> };

/** Options with short, round times and no jitter. */
export function snOptions(overrides: Overrides = {}): SnOptions {
  const { session, ...rest } = overrides;
  return {
    gatewayId: 1,
    enableQos3: false,
    maxClientIdLength: 64,
    maxSessions: 100,
    unboundPerSecond: 1000,
    mountpoint: '',
    credentials: {},
    clientCredentials: new Map(),
    predefined: new Map([
      [1, 'predefined/one'],
      [2, 'predefined/two'],
    ]),
    clientPredefined: new Map(),
    bindIdentity: 'on',
    gwInfoAudience: () => [],
    mayForward: () => false,
    ...rest,
    session: {
      retryIntervalMs: 10_000,
      retryCount: 3,
      maxInflight: 1,
      queueLimit: 10,
      maxTopics: 20,
      idleTimeoutMs: 100_000,
      sessionExpiryMs: 7_200_000,
      congestionWaitMs: 300_000,
      random: () => 0,
      ...session,
    },
  };
}

/** An MQTT-SN server in memory: fake clock, fake broker, and peers whose packets a test speaks. */
export class SnWorld {
  readonly clock: FakeClock;
  readonly broker = new FakeBroker();
  readonly metrics = new Metrics();
  readonly port: MemoryPort;
  readonly server: SnServer;

  private readonly overrides: Overrides;

  private constructor(overrides: Overrides, store: Store | undefined, before?: SnWorld) {
    this.overrides = overrides;
    this.clock = before?.clock ?? new FakeClock();
    this.port = new MemoryPort('memory', before?.port);
    const around = { clock: this.clock, log: silentLog, metrics: this.metrics };
    const journal = store === undefined ? undefined : new Journal(store);
    this.server = new SnServer([this.port], this.broker, snOptions(overrides), around, journal);
  }

  static async start(overrides: Overrides = {}, store?: Store): Promise<SnWorld> {
    const world = new SnWorld(overrides, store);
    await world.server.start();
    return world;
  }

  /** Another process, with what the store has kept: a new server and a new broker. */
  async restart(store: Store): Promise<SnWorld> {
    await this.server.stop();
    // A killed process says nothing on its way out.
    this.port.emptyMail();
    const world = new SnWorld(this.overrides, store, this);
    world.broker.keepsSessions = this.broker.keepsSessions;
    await world.server.start();
    await setImmediate();
    return world;
  }

  peer(address: string, identity?: Identity): SnPeer {
    return new SnPeer(this, address, identity);
  }

  /** A connected client. */
  async client(clientId: string, options: Partial<Connect> = {}, address = `10.0.0.1:${clientId}`): Promise<SnPeer> {
    const peer = this.peer(address);
    await peer.connect(clientId, options);
    return peer;
  }

  count(name: string): number {
    return this.metrics.counter(`mqttsn.${name}`).value;
  }
}

/** One device. */
export class SnPeer {
  /** Where what it says goes: after a restart, another world. */
  world: SnWorld;
  readonly peer: MemoryPeer;

  constructor(world: SnWorld, address: string, identity?: Identity) {
    this.world = world;
    this.peer = world.port.known(address, identity);
  }

  /** The gateway has been restarted; the device has not noticed. */
  meets(world: SnWorld): this {
    this.world = world;
    return this;
  }

  /** Sends a packet, or raw hex, and gives back what was received since the last look, one line per packet. */
  async say(packet: Packet | string): Promise<string[]> {
    this.world.port.deliver(typeof packet === 'string' ? packet : encode(packet), this.peer);
    await setImmediate();
    return this.heard();
  }

  /** Sends hex and gives back hex. */
  async sayRaw(hex: string): Promise<string[]> {
    this.world.port.deliver(hex, this.peer);
    await setImmediate();
    return this.hex();
  }

  /** What was received since the last look, as lines. */
  heard(): string[] {
    return this.packets().map(format);
  }

  /** What was received since the last look. */
  packets(): Packet[] {
    return this.peer.received.splice(0).map((datagram) => {
      const packet = decode(new Reader(datagram));
      if (packet instanceof DecodeError) throw packet;
      return packet;
    });
  }

  /** What was received since the last look, as hex. */
  hex(): string[] {
    return this.peer.take();
  }

  connect(clientId: string, options: Partial<Connect> = {}): Promise<string[]> {
    return this.say({
      type: 'CONNECT',
      will: false,
      cleanSession: true,
      protocolId: 1,
      durationSeconds: 60,
      clientId,
      ...options,
    });
  }

  publish(options: Partial<Publish>): Promise<string[]> {
    return this.say({
      type: 'PUBLISH',
      dup: false,
      qos: 0,
      retain: false,
      topicIdType: 'normal',
      topicId: 1,
      msgId: 0,
      payload: Buffer.from('x'),
      ...options,
    });
  }

  subscribe(name: string, qos: 0 | 1 | 2, msgId = 1): Promise<string[]> {
    return this.say({ type: 'SUBSCRIBE', dup: false, qos, msgId, topic: { kind: 'name', name } });
  }

  /** Acknowledges a REGISTER or PUBLISH line: the ids are what the test saw. */
  ack(type: 'REGACK' | 'PUBACK', topicId: number, msgId: number, returnCode = 0): Promise<string[]> {
    return this.say({ type, topicId, msgId, returnCode });
  }
}
