import type { Who } from './auth.js';
import { isSubscribable } from './client-rules.js';
import { type Subscriber, Subscription } from './exchange.js';
import {
  type BrokerLink,
  BrokerRefusal,
  type DeliveryHandler,
  type Done,
  type LinkOptions,
  type Message,
  type QoS,
} from './port.js';
import { isTopicFilter } from './topics.js';

/** What a link needs of its broker. */
export interface LinkHost {
  publish(who: Who, message: Message, done: Done): void;
  maySubscribe(who: Who, filter: string): boolean;
  mayReceive(who: Who, topic: string): boolean;
  add(subscription: Subscription): void;
  remove(subscription: Subscription): void;
  /** Hands the retained messages under the filter to the subscriber, one after the other, while `active` holds. */
  sendRetained(subscription: Subscription): void;
  /** One link more, or less, is full. */
  countFull(change: 1 | -1): void;
  forget(link: EmbeddedLink): void;
}

/** Why a link ends without its owner's doing. */
export type EndReason = 'takeover' | 'kicked' | 'lost';

/**
 * A client of the embedded broker without a socket. It may publish even after its end, so that a device's will can go
 * out when another connection has taken its client id.
 */
export class EmbeddedLink implements BrokerLink, Subscriber, Who {
  full = false;
  foundIn = 0;
  place = 0;
  readonly clientId: string;
  readonly username: string | undefined;
  private readonly host: LinkHost;
  private readonly onMessage: DeliveryHandler;
  private readonly onClose: LinkOptions['onClose'];
  private first: Subscription | undefined;
  private closed = false;

  constructor(host: LinkHost, who: Who, onMessage: DeliveryHandler, onClose: LinkOptions['onClose']) {
    this.host = host;
    this.clientId = who.clientId;
    this.username = who.username;
    this.onMessage = onMessage;
    this.onClose = onClose;
  }

  publish(message: Message, done: Done): void {
    this.host.publish(this, message, done);
  }

  subscribe(filter: string, qos: QoS, done: (refusal?: BrokerRefusal, granted?: QoS) => void, resume = false): void {
    const refusal = this.refusalOf(filter);
    if (refusal !== undefined) {
      done(refusal);
      return;
    }
    let subscription = this.find(filter);
    if (subscription === undefined) {
      subscription = new Subscription(this, filter, qos, this.first);
      this.first = subscription;
      this.host.add(subscription);
    } else subscription.qos = qos;
    done(undefined, qos);
    if (!resume) this.host.sendRetained(subscription);
  }

  unsubscribe(filter: string, done: Done): void {
    if (!isTopicFilter(filter)) {
      done(new BrokerRefusal('BAD_TOPIC', `not a topic filter: ${filter}`));
      return;
    }
    let before: Subscription | undefined;
    for (let each = this.first; each !== undefined; before = each, each = each.next) {
      if (each.filter !== filter) continue;
      this.host.remove(each);
      if (before === undefined) this.first = each.next;
      else before.next = each.next;
      break;
    }
    done();
  }

  setFull(full: boolean): void {
    if (full === this.full || this.closed) return;
    this.full = full;
    this.host.countFull(full ? 1 : -1);
  }

  publishWill(will: Message): void {
    this.publish(will, () => {});
  }

  close(): void {
    if (this.closed) return;
    this.setFull(false);
    this.closed = true;
    for (let each = this.first; each !== undefined; each = each.next) this.host.remove(each);
    this.first = undefined;
    this.host.forget(this);
  }

  /** Ends the link from the broker's side. */
  end(reason: EndReason): void {
    if (this.closed) return;
    this.close();
    this.onClose?.(reason, this);
  }

  receive(message: Message, taken: () => void): void {
    if (this.host.mayReceive(this, message.topic)) this.onMessage(message, taken);
    else taken();
  }

  private find(filter: string): Subscription | undefined {
    let each = this.first;
    while (each !== undefined && each.filter !== filter) each = each.next;
    return each;
  }

  private refusalOf(filter: string): BrokerRefusal | undefined {
    if (this.closed) return new BrokerRefusal('UNAVAILABLE', 'the link is closed');
    if (!isSubscribable(filter)) {
      return new BrokerRefusal('BAD_TOPIC', `not a topic filter: ${filter}`);
    }
    if (!this.host.maySubscribe(this, filter)) {
      return new BrokerRefusal('NOT_AUTHORIZED', `${this.clientId} may not subscribe to ${filter}`);
    }
    return undefined;
  }
}
