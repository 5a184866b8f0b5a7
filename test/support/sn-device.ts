import { setImmediate } from 'node:timers/promises';
import { Reader } from '#src/core/bytes.js';
import type { Clock } from '#src/core/clock.js';
import type { Peer } from '#src/core/datagram.js';
import { DecodeError } from '#src/core/errors.js';
import { decode } from '#src/mqttsn/decode.js';
import { encode } from '#src/mqttsn/encode.js';
import type { Packet, Publish } from '#src/mqttsn/packets.js';
import type { FakeClock } from './fake-clock.js';
import type { MemoryPort } from './memory-port.js';

/**
 * A well-behaved MQTT-SN client for tests over bad links: repeats what is unanswered, answers what it is asked, and
 * delivers a QoS 2 message once. One request at a time, as the specification wants it of a client.
 */
export class SnDevice implements Peer {
  readonly key: string;
  readonly address: string;
  /** Payloads in the order in which an application would get them. */
  readonly delivered: string[] = [];
  connected = false;
  private readonly port: MemoryPort;
  private readonly clock: Clock;
  private readonly topics = new Map<number, string>();
  /** Ids of QoS 2 messages; they never come round in a test, so a copy that comes late is known as one. */
  private readonly seen = new Set<number>();
  private waiting: { answers: (packet: Packet) => boolean; done: (packet: Packet) => void } | undefined;
  private msgId = 0;

  constructor(port: MemoryPort, clock: Clock, address: string) {
    this.port = port;
    this.clock = clock;
    this.key = address;
    this.address = address;
  }

  send(datagram: Buffer): void {
    const packet = decode(new Reader(datagram));
    if (packet instanceof DecodeError) throw packet;
    this.onPacket(packet);
  }

  async connect(clientId: string, cleanSession = false): Promise<void> {
    const base = { type: 'CONNECT', will: false, protocolId: 1, durationSeconds: 0 } as const;
    await this.request({ ...base, cleanSession, clientId }, (p) => p.type === 'CONNACK');
    this.connected = true;
  }

  async register(topicName: string): Promise<number> {
    const msgId = this.nextId();
    const answer = await this.request(
      { type: 'REGISTER', topicId: 0, msgId, topicName },
      (p) => p.type === 'REGACK' && p.msgId === msgId,
    );
    return answer.type === 'REGACK' ? answer.topicId : 0;
  }

  async subscribe(name: string, qos: 0 | 1 | 2): Promise<void> {
    const msgId = this.nextId();
    const topic = { kind: 'name', name } as const;
    await this.request(
      { type: 'SUBSCRIBE', dup: false, qos, msgId, topic },
      (p) => p.type === 'SUBACK' && p.msgId === msgId,
    );
  }

  async publish(topicId: number, qos: 1 | 2, payload: string): Promise<void> {
    const msgId = this.nextId();
    const packet: Publish = {
      type: 'PUBLISH',
      dup: false,
      qos,
      retain: false,
      topicIdType: 'normal',
      topicId,
      msgId,
      payload: Buffer.from(payload),
    };
    const first = qos === 1 ? 'PUBACK' : 'PUBREC';
    await this.request(packet, (p) => p.type === first && p.msgId === msgId);
    if (qos === 2) await this.request({ type: 'PUBREL', msgId }, (p) => p.type === 'PUBCOMP' && p.msgId === msgId);
  }

  private async request(packet: Packet, answers: (packet: Packet) => boolean): Promise<Packet> {
    let sent = 0;
    const answer = new Promise<Packet>((resolve) => {
      this.waiting = { answers, done: resolve };
    });
    const repeat = (): void => {
      if (this.waiting?.answers !== answers) return;
      this.speak(packet.type === 'PUBLISH' ? { ...packet, dup: sent > 0 } : packet);
      sent++;
      this.clock.after('device retry', 3000, repeat);
    };
    repeat();
    return answer;
  }

  private onPacket(packet: Packet): void {
    if (this.waiting?.answers(packet)) {
      const { done } = this.waiting;
      this.waiting = undefined;
      done(packet);
      return;
    }
    switch (packet.type) {
      case 'REGISTER':
        this.topics.set(packet.topicId, packet.topicName);
        this.speak({ type: 'REGACK', topicId: packet.topicId, msgId: packet.msgId, returnCode: 0 });
        break;
      case 'PUBLISH':
        this.onPublish(packet);
        break;
      case 'PUBREL':
        this.speak({ type: 'PUBCOMP', msgId: packet.msgId });
        break;
      default:
    }
  }

  private onPublish(packet: Publish): void {
    const payload = packet.payload.toString();
    if (packet.qos === 2) {
      if (!this.seen.has(packet.msgId)) this.delivered.push(payload);
      this.seen.add(packet.msgId);
      this.speak({ type: 'PUBREC', msgId: packet.msgId });
      return;
    }
    this.delivered.push(payload);
    if (packet.qos === 1) {
      this.speak({ type: 'PUBACK', topicId: packet.topicId, msgId: packet.msgId, returnCode: 0 });
    }
  }

  private speak(packet: Packet): void {
    this.port.deliver(encode(packet), this);
  }

  private nextId(): number {
    this.msgId = (this.msgId % 65535) + 1;
    return this.msgId;
  }
}

/** Turns the clock until a promise has settled; an Error if it has not after `limitMs` of the clock. */
export async function elapse<T>(clock: FakeClock, work: Promise<T>, limitMs = 3_600_000): Promise<T> {
  const outcome: { settled: boolean } = { settled: false };
  const done = (): void => {
    outcome.settled = true;
  };
  work.then(done, done);
  for (let passed = 0; !outcome.settled && passed < limitMs; passed += 50) {
    await setImmediate();
    clock.advance(50);
  }
  await setImmediate();
  if (!outcome.settled) throw new Error(`not done after ${limitMs} ms`);
  return work;
}
