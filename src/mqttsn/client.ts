import type { BrokerLink } from '../broker/port.js';
import type { Identity, Peer } from '../core/datagram.js';
import type { Held } from './outbox.js';
import type { Session, State } from './session.js';

/** A session with what connects it to the world: the peer it is bound to, and its link to the broker. */
export interface Client {
  readonly session: Session;
  /** Put before its topics towards the broker. */
  readonly mountpoint: string;
  /** Undefined while disconnected. */
  peer: Peer | undefined;
  /** Who its last peer had proven to be; only the same one may take the session over. */
  identity: Identity | undefined;
  link: BrokerLink | undefined;
  /** Grows with each link that is opened, so that an answer to an earlier opening is known as such. */
  links: number;
  /** Whether the broker has been told that there is no room for more messages. */
  full: boolean;
  /** What waits for the store before it is sent, one list for each commit that is awaited. */
  held: Held[][] | undefined;
  /** The deadline that is set for it, ms; infinity for none. */
  armedAt: number;
}

/** Numbers of sessions, and of messages for their clients. */
export interface SessionCounts {
  readonly sessions: Readonly<Record<State, number>>;
  readonly queued: number;
}

/** A client that is connected to nothing yet. */
export function newClient(session: Session, mountpoint: string): Client {
  return {
    session,
    mountpoint,
    peer: undefined,
    identity: undefined,
    link: undefined,
    links: 0,
    full: false,
    held: undefined,
    armedAt: Number.POSITIVE_INFINITY,
  };
}

/** All clients, by client id and by the peer they are bound to. The client id is the key, the address only a binding. */
export class Clients {
  private readonly byId = new Map<string, Client>();
  private readonly byPeer = new Map<string, Client>();

  get size(): number {
    return this.byId.size;
  }

  withId(clientId: string): Client | undefined {
    return this.byId.get(clientId);
  }

  /** Whose packets come from this peer. */
  at(peer: Peer): Client | undefined {
    return this.byPeer.get(peer.key);
  }

  add(client: Client): void {
    this.byId.set(client.session.clientId, client);
  }

  /** Binds a client to a peer; its former peer is unknown from now on. */
  bind(client: Client, peer: Peer): void {
    if (client.peer?.key !== peer.key) this.unbind(client);
    client.peer = peer;
    client.identity = peer.identity;
    this.byPeer.set(peer.key, client);
  }

  unbind(client: Client): void {
    if (client.peer === undefined) return;
    this.byPeer.delete(client.peer.key);
    client.peer = undefined;
  }

  delete(client: Client): void {
    this.unbind(client);
    this.byId.delete(client.session.clientId);
  }

  /** Counts sessions and their messages: a look at each, so not for every packet. */
  counts(): SessionCounts {
    const sessions = { connecting: 0, active: 0, asleep: 0, awake: 0, disconnected: 0 };
    let queued = 0;
    for (const { session } of this.byId.values()) {
      sessions[session.state]++;
      queued += session.queue.length + session.inflight.length;
    }
    return { sessions, queued };
  }

  [Symbol.iterator](): IterableIterator<Client> {
    return this.byId.values();
  }
}
