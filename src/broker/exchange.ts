import type { AedesPublishPacket } from 'aedes';
import { FilterIndex } from './filter-index.js';
import type { Message, QoS } from './port.js';

/** A function that aedes subscribes for one of its MQTT clients. */
export type Listener = (packet: AedesPublishPacket, done: () => void) => void;

/** Who has subscriptions of its own at the exchange. */
export interface Subscriber {
  /** The exchange's own note: the emission in which this subscriber was last found, and its place among those found. */
  foundIn: number;
  place: number;
  /** Whether there is no room for another message with QoS 1 or 2. */
  readonly full: boolean;
  /** Takes a message that at least one of its subscriptions matches. */
  receive(message: Message, taken: () => void): void;
}

/** One filter of a subscriber. */
export class Subscription {
  readonly subscriber: Subscriber;
  readonly filter: string;
  qos: QoS;
  /** False from the moment it is given up: a message on its way is not handed over any more. */
  active = true;
  /** The next of the same subscriber. A list without a container, because there are 100,000 subscribers. */
  next: Subscription | undefined;

  constructor(subscriber: Subscriber, filter: string, qos: QoS, next: Subscription | undefined) {
    this.subscriber = subscriber;
    this.filter = filter;
    this.qos = qos;
    this.next = next;
  }
}

type Target = Listener | Subscription;

/**
 * Hands every published message to whom it concerns: aedes' MQTT clients, one call per matching filter as aedes expects
 * of its `mq`, and subscribers of ours, one call per message with the highest QoS of their matching filters. What is
 * removed gets nothing from that moment on, and no delivery waits behind another.
 */
export class Exchange {
  private readonly index = new FilterIndex<Target>();
  private emission = 0;
  /** How many subscribers are full. */
  full = 0;
  private readonly following: { readonly packet: AedesPublishPacket; readonly done: () => void }[] = [];
  private delivering = false;
  private closed = false;

  /** Filters of everybody. */
  get size(): number {
    return this.index.size;
  }

  on(filter: string, listener: Listener, done?: () => void): this {
    this.index.add(filter, listener);
    done?.();
    return this;
  }

  removeListener(filter: string, listener: Listener, done?: () => void): this {
    this.index.remove(filter, listener);
    done?.();
    return this;
  }

  /** Whether somebody who would get a message of this topic with QoS 1 or 2 has no room for it. */
  isFull(topic: string): boolean {
    // Nearly always nobody is full, and then nothing need be looked up.
    if (this.full === 0) return false;
    const found: Target[] = [];
    this.index.match(topic, found);
    return found.some((t) => typeof t !== 'function' && t.active && t.qos > 0 && t.subscriber.full);
  }

  add(subscription: Subscription): void {
    this.index.add(subscription.filter, subscription);
  }

  remove(subscription: Subscription): void {
    subscription.active = false;
    this.index.remove(subscription.filter, subscription);
  }

  /**
   * Delivers a packet; `done` comes when everybody concerned has taken it. What is published by a receiver during a
   * delivery follows after it, so that everybody sees the same order.
   */
  emit(packet: AedesPublishPacket, done: (error?: Error) => void = () => {}): this {
    if (this.closed) {
      done(new Error('the broker is stopped'));
      return this;
    }
    if (this.delivering) {
      this.following.push({ packet, done });
      return this;
    }
    this.delivering = true;
    try {
      this.deliver(packet, done);
      for (let next = this.following.shift(); next !== undefined; next = this.following.shift()) {
        this.deliver(next.packet, next.done);
      }
    } finally {
      this.delivering = false;
    }
    return this;
  }

  close(done: () => void): this {
    this.closed = true;
    setImmediate(done);
    return this;
  }

  private deliver(packet: AedesPublishPacket, done: () => void): void {
    const found: Target[] = [];
    this.index.match(packet.topic, found);
    const targets = found.length > 1 ? this.oncePerSubscriber(found) : found;
    let left = targets.length;
    if (left === 0) {
      done();
      return;
    }
    const taken = (): void => {
      if (--left === 0) done();
    };
    let message: Message | undefined;
    for (const target of targets) {
      if (typeof target === 'function') target(packet, taken);
      else if (!target.active) taken();
      else {
        const qos = Math.min(packet.qos, target.qos) as QoS;
        if (message?.qos !== qos) message = messageOf(packet, qos, false);
        target.subscriber.receive(message, taken);
      }
    }
  }

  /** Keeps, of several subscriptions of one subscriber, the one with the highest QoS. */
  private oncePerSubscriber(found: Target[]): Target[] {
    const emission = ++this.emission;
    let kept = 0;
    for (const target of found) {
      if (typeof target !== 'function') {
        const { subscriber } = target;
        if (subscriber.foundIn === emission) {
          if ((found[subscriber.place] as Subscription).qos < target.qos) found[subscriber.place] = target;
          continue;
        }
        subscriber.foundIn = emission;
        subscriber.place = kept;
      }
      found[kept++] = target;
    }
    found.length = kept;
    return found;
  }
}

/** A packet of aedes' as a message for a device. */
export function messageOf(packet: AedesPublishPacket, qos: QoS, retain: boolean): Message {
  const { topic, payload } = packet;
  return { topic, payload: typeof payload === 'string' ? Buffer.from(payload) : payload, qos, retain };
}
