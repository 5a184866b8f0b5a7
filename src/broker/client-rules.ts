import type { Authenticator, Authorizer, Credentials, Who } from './auth.js';
import { isTopicFilter } from './topics.js';

/** An MQTT client as aedes hands it around. */
export interface ClientRef {
  readonly id: string;
}

/** The rules of access that hold for links and MQTT clients alike. Without an authorizer all but `$SYS` is open. */
export class ClientRules {
  private readonly authenticator: Authenticator | undefined;
  private readonly authorizer: Authorizer | undefined;
  private readonly named = new WeakMap<ClientRef, Who>();

  constructor(authenticator: Authenticator | undefined, authorizer: Authorizer | undefined) {
    this.authenticator = authenticator;
    this.authorizer = authorizer;
  }

  /** Whether there are rules about topics at all; without them it need not be found out who a client is. */
  get restricts(): boolean {
    return this.authorizer !== undefined;
  }

  check(credentials: Credentials): boolean | Promise<boolean> {
    return this.authenticator?.check(credentials) ?? true;
  }

  /** Remembers under which user name an MQTT client was let in. */
  remember(client: ClientRef, username: string | undefined): void {
    if (username !== undefined) this.named.set(client, { clientId: client.id, username });
  }

  /** Who an MQTT client is. */
  who(client: ClientRef): Who {
    return this.named.get(client) ?? { clientId: client.id, username: undefined };
  }

  /** `$SYS` is the broker's own. */
  mayPublish(who: Who, topic: string): boolean {
    return !topic.startsWith('$SYS/') && (this.authorizer?.mayPublish(who, topic) ?? true);
  }

  maySubscribe(who: Who, filter: string): boolean {
    return isSubscribable(filter) && (this.authorizer?.maySubscribe(who, filter) ?? true);
  }

  mayReceive(who: Who, topic: string): boolean {
    return this.authorizer?.mayReceive(who, topic) ?? true;
  }
}

/** Whether a filter can be served. Shared subscriptions are MQTT 5: taken as plain filters they would never match. */
export const isSubscribable = (filter: string): boolean => isTopicFilter(filter) && !filter.startsWith('$share/');
