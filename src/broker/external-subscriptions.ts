import type { QoS } from './port.js';
import { topicMatches } from './topics.js';

/** One filter of a link. */
export interface LinkSubscription {
  readonly qos: QoS;
  /** Its subscription identifier in MQTT 5. */
  readonly id: number;
  /** Whether its retained messages are not wanted: it was taken up again, not made. */
  quiet: boolean;
}

/** The filters of one link at a broker elsewhere, and what they say about a message that comes. */
export class LinkSubscriptions {
  private byFilter: Map<string, LinkSubscription> | undefined;

  get(filter: string): LinkSubscription | undefined {
    return this.byFilter?.get(filter);
  }

  set(filter: string, qos: QoS, quiet: boolean): LinkSubscription {
    this.byFilter ??= new Map();
    const subscription = { qos, id: identifierOf(filter), quiet };
    this.byFilter.set(filter, subscription);
    return subscription;
  }

  delete(filter: string): void {
    this.byFilter?.delete(filter);
  }

  [Symbol.iterator](): Iterator<[string, LinkSubscription]> {
    return (this.byFilter ?? new Map<string, LinkSubscription>()).entries();
  }

  /**
   * Whether a message is to be handed over. Retained messages of filters that were only taken up again are not. Of the
   * copies that some brokers send for several matching filters, `ids` tells which filter a copy is for: only that of the
   * filter with the highest QoS is. What no filter here matches is of a session from another gateway, and is.
   */
  wants(topic: string, retain: boolean, ids: readonly number[]): boolean {
    let best: LinkSubscription | undefined;
    let knowsId = false;
    let loud = false;
    for (const [filter, subscription] of this) {
      if (!topicMatches(withoutShare(filter), topic)) continue;
      if (best === undefined || subscription.qos > best.qos) best = subscription;
      if (ids.includes(subscription.id)) knowsId = true;
      if (!subscription.quiet) loud = true;
    }
    if (best === undefined) return true;
    if (retain) return loud;
    return !knowsId || ids.includes(best.id);
  }
}

/** The part of a shared subscription's filter that is about topics. */
export const withoutShare = (filter: string): string =>
  filter.startsWith('$share/') ? filter.slice(filter.indexOf('/', 7) + 1) : filter;

/** A number for a filter, the same on every gateway: a session may go from one to the other [MQTT5 3.8.2.1.2]. */
function identifierOf(filter: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < filter.length; i++) hash = Math.imul(hash ^ filter.charCodeAt(i), 0x01000193);
  return 1 + ((hash >>> 0) % 268_435_454);
}
