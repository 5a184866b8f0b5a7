import { setImmediate } from 'node:timers/promises';
import { Reader } from '#src/core/bytes.js';
import type { Clock } from '#src/core/clock.js';
import type { Peer } from '#src/core/datagram.js';
import { DecodeError } from '#src/core/errors.js';
import { decode } from '#src/mqttsn/decode.js';
import { encode } from '#src/mqttsn/encode.js';
import { format } from '#src/mqttsn/format.js';
import { type Connect, type Packet, type Publish, ReturnCode } from '#src/mqttsn/packets.js';
import type { FakeClock } from './fake-clock.js';

/** How a device is to behave. */
export interface SnDeviceOptions {
  /** How long it waits for an answer before it asks again, ms; default 3000. */
  readonly retryMs?: number;
  /**
   * Whether the network is known to keep the order of datagrams. Then an id of a QoS 2 message is free with its PUBREL;
   * else it is kept for ever, so that a copy that comes late is known as one.
   */
  readonly inOrder?: boolean;
  /** Message ids of its own run from 1 to this; default 65,535. */
  readonly lastMsgId?: number;
}

/**
 * A well-behaved MQTT-SN client for tests over bad links and with bad gateways: repeats what is unanswered, answers what
 * it is asked, and delivers a QoS 2 message once. One request at a time, as the specification wants it of a client.
 */
export class SnDevice implements Peer {
  readonly key: string;
  readonly address: string;
  /** Payloads in the order in which an application would get them. */
  readonly delivered: string[] = [];
  /** What a gateway that remembers this device does not say to it, as lines. */
  readonly complaints: string[] = [];
  /** Called for each payload that is delivered. */
  onDelivered: (payload: string) => void = () => {};
  private readonly transmit: (datagram: Buffer, from: SnDevice) => void;
  private readonly clock: Clock;
  private readonly retryMs: number;
  private readonly inOrder: boolean;
  private readonly lastMsgId: number;
  /** Ids of QoS 2 messages that are delivered. */
  private readonly seen = new Set<number>();
  private waiting: { answers: (packet: Packet) => boolean; done: (packet: Packet) => void } | undefined;
  private will: { readonly topic: string; readonly payload: string } | undefined;
  private msgId = 0;
  private retired = false;
  /** DISCONNECTs that are still to be answered: a repeated one is answered twice. */
  private goodbyes = 0;

  /** `transmit` takes what the device sends; what comes for it goes to `send`. */
  constructor(
    transmit: (datagram: Buffer, from: SnDevice) => void,
    clock: Clock,
    address: string,
    { retryMs = 3000, inOrder = false, lastMsgId = 0xffff }: SnDeviceOptions = {},
  ) {
    this.transmit = transmit;
    this.clock = clock;
    this.key = address;
    this.address = address;
    this.retryMs = retryMs;
    this.inOrder = inOrder;
    this.lastMsgId = lastMsgId;
  }

  send(datagram: Buffer): void {
    const packet = decode(new Reader(datagram));
    if (packet instanceof DecodeError) throw packet;
    this.onPacket(packet);
  }

  async connect(clientId: string, options: Partial<Connect> = {}): Promise<void> {
    const base = { type: 'CONNECT', will: false, cleanSession: false, protocolId: 1, durationSeconds: 0 } as const;
    const packet = { ...base, clientId, ...options };
    await this.request(packet, (p) => p.type === 'CONNACK');
  }

  /** Connects with a will of QoS 2. */
  async connectWithWill(clientId: string, topic: string, payload: string, options: Partial<Connect>): Promise<void> {
    this.will = { topic, payload };
    await this.connect(clientId, { ...options, will: true });
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
    await this.request(
      packet,
      // A gateway that is busy says so, and is asked again.
      (p) => p.type === first && p.msgId === msgId && !('returnCode' in p && p.returnCode === ReturnCode.congestion),
    );
    if (qos === 2) await this.request({ type: 'PUBREL', msgId }, (p) => p.type === 'PUBCOMP' && p.msgId === msgId);
  }

  /** Goes to sleep. */
  async sleep(durationSeconds: number): Promise<void> {
    await this.request({ type: 'DISCONNECT', durationSeconds }, (p) => p.type === 'DISCONNECT');
  }

  /** Wakes up, takes what there is, and sleeps on. */
  async wake(clientId: string): Promise<void> {
    await this.request({ type: 'PINGREQ', clientId }, (p) => p.type === 'PINGRESP');
  }

  /** Shows that it lives. */
  async ping(): Promise<void> {
    await this.request({ type: 'PINGREQ' }, (p) => p.type === 'PINGRESP');
  }

  /** Sends bytes that need not be a packet. */
  babble(bytes: Buffer): void {
    this.transmit(bytes, this);
  }

  /** Falls silent for good: what is unanswered stays so. */
  retire(): void {
    this.waiting = undefined;
    this.retired = true;
  }

  private async request(packet: Packet, answers: (packet: Packet) => boolean): Promise<Packet> {
    let sent = 0;
    const answer = new Promise<Packet>((resolve) => {
      this.waiting = { answers, done: resolve };
    });
    const repeat = (): void => {
      if (this.retired || this.waiting?.answers !== answers) return;
      if (packet.type === 'DISCONNECT') this.goodbyes++;
      this.speak(packet.type === 'PUBLISH' ? { ...packet, dup: sent > 0 } : packet);
      sent++;
      this.clock.after('device retry', this.retryMs, repeat);
    };
    repeat();
    const got = await answer;
    if ('returnCode' in got && got.returnCode !== ReturnCode.accepted) this.complaints.push(format(got));
    return got;
  }

  private onPacket(packet: Packet): void {
    if (this.waiting?.answers(packet)) {
      const { done } = this.waiting;
      if (packet.type === 'DISCONNECT') this.goodbyes--;
      this.waiting = undefined;
      done(packet);
      return;
    }
    switch (packet.type) {
      case 'REGISTER':
        this.speak({ type: 'REGACK', topicId: packet.topicId, msgId: packet.msgId, returnCode: 0 });
        break;
      case 'PUBLISH':
        this.onPublish(packet);
        break;
      case 'PUBREL':
        if (this.inOrder) this.seen.delete(packet.msgId);
        this.speak({ type: 'PUBCOMP', msgId: packet.msgId });
        break;
      case 'WILLTOPICREQ':
        this.speak({ type: 'WILLTOPIC', qos: 2, retain: false, topic: this.will?.topic ?? '' });
        break;
      case 'WILLMSGREQ':
        this.speak({ type: 'WILLMSG', payload: Buffer.from(this.will?.payload ?? '') });
        break;
      case 'DISCONNECT':
        if (--this.goodbyes < 0) this.complaints.push(format(packet));
        break;
      case 'PUBACK':
        if (packet.returnCode > ReturnCode.congestion) this.complaints.push(format(packet));
        break;
      default:
    }
  }

  private onPublish(packet: Publish): void {
    if (packet.qos === 2) {
      if (!this.seen.has(packet.msgId)) this.take(packet);
      this.seen.add(packet.msgId);
      this.speak({ type: 'PUBREC', msgId: packet.msgId });
      return;
    }
    this.take(packet);
    if (packet.qos === 1) {
      this.speak({ type: 'PUBACK', topicId: packet.topicId, msgId: packet.msgId, returnCode: 0 });
    }
  }

  private take({ payload }: Publish): void {
    const text = payload.toString();
    this.delivered.push(text);
    this.onDelivered(text);
  }

  private speak(packet: Packet): void {
    this.transmit(encode(packet), this);
  }

  private nextId(): number {
    this.msgId = (this.msgId % this.lastMsgId) + 1;
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
