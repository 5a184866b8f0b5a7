import { setImmediate as nextTurn } from 'node:timers/promises';
import type { BrokerPort } from '../broker/port.js';
import { Reader } from '../core/bytes.js';
import type { Clock } from '../core/clock.js';
import type { DatagramPort, Peer } from '../core/datagram.js';
import { DecodeError } from '../core/errors.js';
import { mayUseName, nameOfIdentity, sameIdentity } from '../core/identity.js';
import type { Log } from '../core/log.js';
import type { Counter, Metrics } from '../core/metrics.js';
import { RateLimit } from '../core/rate-limit.js';
import { Anonymous } from './anonymous.js';
import { type Client, Clients, newClient, type SessionCounts } from './client.js';
import { decode } from './decode.js';
import { encode } from './encode.js';
import { format } from './format.js';
import { ForwardedPeer } from './forwarder.js';
import type { Journal, Kept } from './journal.js';
import { mountpointOf, predefinedOf, type SnOptions } from './options.js';
import { type Connect, type Encapsulated, type Packet, type PingReq, ReturnCode } from './packets.js';
import { Runner } from './runner.js';
import { enqueue } from './sending.js';
import { newSession } from './session.js';
import { restore } from './snapshot.js';

/** An MQTT-SN 1.2 gateway over any number of datagram ports. */
export class SnServer {
  private readonly ports: readonly DatagramPort[];
  private readonly options: SnOptions;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly clients = new Clients();
  private readonly runner: Runner;
  private readonly anonymous: Anonymous;
  private readonly unbound: RateLimit;
  private readonly journal: Journal | undefined;
  private readonly counters: Record<'received' | 'malformed' | 'limited' | 'refused' | 'internal', Counter>;

  constructor(
    ports: readonly DatagramPort[],
    broker: BrokerPort,
    options: SnOptions,
    around: { readonly clock: Clock; readonly log: Log; readonly metrics: Metrics },
    journal?: Journal,
  ) {
    this.journal = journal;
    this.ports = ports;
    this.options = options;
    this.clock = around.clock;
    this.log = around.log;
    this.runner = new Runner(this.clients, broker, options, around, journal);
    this.anonymous = new Anonymous(broker, options, around);
    this.unbound = new RateLimit(this.clock, options.unboundPerSecond);
    this.counters = {
      received: around.metrics.counter('mqttsn.packets_received'),
      malformed: around.metrics.counter('mqttsn.decode_errors'),
      limited: around.metrics.counter('mqttsn.rate_limited'),
      refused: around.metrics.counter('mqttsn.connects_refused'),
      internal: around.metrics.counter('mqttsn.internal_errors'),
    };
  }

  async start(): Promise<void> {
    if (this.options.enableQos3) await this.anonymous.start();
    const clients: [client: Client, peerKey: string | undefined][] = [];
    for await (const one of this.journal?.load() ?? []) clients.push(this.recall(one));
    // Only a port that is open knows its peers; until all are bound, nobody is to hear that it is unknown.
    let ready = false;
    for (const port of this.ports) {
      await port.start((datagram, peer) => {
        if (ready) this.onDatagram(datagram, peer);
      });
    }
    for (const [index, [client, key]] of clients.entries()) {
      const peer = key === undefined ? undefined : this.peerAt(key);
      if (peer !== undefined) this.clients.bind(client, peer);
      this.runner.resume(client);
      // Links open a little later: so many at once would take as much memory as the sessions.
      if (index % 1000 === 999) await nextTurn();
    }
    ready = true;
    if (clients.length > 0) this.log.info({ sessions: clients.length }, 'MQTT-SN sessions taken up again');
  }

  async stop(): Promise<void> {
    for (const port of this.ports) await port.stop();
    this.runner.stop();
    this.anonymous.stop();
  }

  /** Sessions known, connected or not. */
  get sessions(): number {
    return this.clients.size;
  }

  /** Sessions by state, and messages that wait for their clients or are on the way to them. */
  get counts(): SessionCounts {
    return this.clients.counts();
  }

  /** Ends a client's connection on behalf of an administrator; its will is published. False if there is no such client. */
  kick(clientId: string): boolean {
    const client = this.clients.withId(clientId);
    if (client === undefined) return false;
    client.peer?.send(encode({ type: 'DISCONNECT' }));
    this.runner.input(client, { type: 'lose', reason: 'kicked' });
    return true;
  }

  /** Makes a client of what the store kept of it. */
  private recall({ snapshot, messages, received }: Kept): [client: Client, peerKey: string | undefined] {
    const { clientId } = snapshot;
    const now = this.clock.now();
    const session = newSession(clientId, this.options.session, predefinedOf(this.options, clientId), now);
    restore(session, snapshot, now);
    for (const outgoing of messages) enqueue(session, outgoing);
    session.nextSeq = (messages.at(-1)?.seq ?? 0) + 1;
    // Ids of messages that were done with just before are better not used again at once.
    session.lastMsgId = Math.floor(this.options.session.random() * 0xffff);
    if (received.length > 0) {
      session.received = new Map(received.map((msgId) => [msgId, { stage: 'published', packet: undefined, at: now }]));
    }
    const client = newClient(session, mountpointOf(this.options, clientId));
    client.identity = snapshot.identity;
    this.clients.add(client);
    return [client, session.state === 'disconnected' ? undefined : snapshot.peer];
  }

  /** A peer from before a restart, perhaps behind a forwarder. */
  private peerAt(key: string): Peer | undefined {
    for (const port of this.ports) {
      const peer = port.peerAt?.(key);
      if (peer !== undefined) return peer;
    }
    const at = key.lastIndexOf('/');
    const forwarder = at < 0 ? undefined : this.peerAt(key.slice(0, at));
    const nodeId = Buffer.from(key.slice(at + 1), 'hex');
    return forwarder === undefined
      ? undefined
      : new ForwardedPeer(forwarder, { type: 'ENCAPSULATED', radius: 0, nodeId, message: Buffer.alloc(0) });
  }

  private onDatagram(datagram: Buffer, peer: Peer): void {
    const reader = new Reader(datagram);
    try {
      // A datagram may hold several messages, one after the other.
      do {
        const packet = decode(reader);
        if (packet instanceof DecodeError) {
          this.counters.malformed.value++;
          if (this.log.isLevelEnabled('debug')) {
            this.log.debug({ peer: peer.address, offset: packet.offset }, `MQTT-SN packet dropped: ${packet.message}`);
          }
          return;
        }
        this.onPacket(packet, peer);
      } while (reader.remaining > 0);
    } catch (error) {
      // A mistake of ours in dealing with one datagram must not end the service for everybody else.
      this.counters.internal.value++;
      this.log.error({ err: error, peer: peer.address }, 'MQTT-SN packet dropped because of an internal error');
    }
  }

  private onPacket(packet: Packet, peer: Peer): void {
    this.counters.received.value++;
    if (this.log.isLevelEnabled('trace')) this.log.trace({ peer: peer.address }, `MQTT-SN in ${format(packet)}`);
    const client = this.clients.at(peer);
    if (
      client !== undefined &&
      packet.type !== 'CONNECT' &&
      packet.type !== 'SEARCHGW' &&
      packet.type !== 'ENCAPSULATED'
    ) {
      if (packet.type === 'PUBLISH' && packet.qos === -1) this.anonymous.publish(packet, peer, client.session);
      else if (packet.type === 'PINGREQ' && !isFor(packet, client)) this.onUnboundPing(packet, peer);
      else this.runner.input(client, { type: 'packet', packet });
      return;
    }
    if (packet.type === 'ENCAPSULATED') {
      this.onEncapsulated(packet, peer);
      return;
    }
    if (!this.unbound.allow(hostOf(peer))) {
      this.counters.limited.value++;
      return;
    }
    this.onUnbound(packet, peer);
  }

  /** A packet that belongs to no session, or begins one. No answer is longer than what is answered. */
  private onUnbound(packet: Packet, peer: Peer): void {
    switch (packet.type) {
      case 'CONNECT':
        this.onConnect(packet, peer);
        return;
      case 'SEARCHGW':
        for (const hearer of [peer, ...this.options.gwInfoAudience()]) {
          this.answer(hearer, { type: 'GWINFO', gatewayId: this.options.gatewayId });
        }
        return;
      case 'PINGREQ':
        this.onUnboundPing(packet, peer);
        return;
      case 'ADVERTISE':
      case 'GWINFO':
        // Another gateway's, or another client's word about one.
        return;
      case 'PUBLISH':
        if (packet.qos === -1) this.anonymous.publish(packet, peer, undefined);
        else this.answer(peer, { type: 'DISCONNECT' });
        return;
      default:
        // The sender believes it is connected: it learns that it is not [SN 6.12].
        this.answer(peer, { type: 'DISCONNECT' });
    }
  }

  private onConnect(packet: Connect, peer: Peer): void {
    const known = this.clients.withId(packet.clientId);
    if (!mayUseName(peer.identity, packet.clientId, this.options.bindIdentity)) {
      this.refuse(packet, peer, 'the client id does not belong to the identity', ReturnCode.notSupported, 'warn');
      return;
    }
    if (known !== undefined && !mayTakeOver(known, peer)) {
      this.refuse(packet, peer, 'the session belongs to an identity');
      return;
    }
    const bound = this.clients.at(peer);
    if (bound !== undefined && bound !== known) this.runner.input(bound, { type: 'lose', reason: 'address taken' });
    const client = known ?? this.admit(packet, peer);
    if (client === undefined) return;
    this.clients.bind(client, peer);
    this.runner.input(client, { type: 'packet', packet });
  }

  /** Makes a client for a CONNECT, or refuses it. */
  private admit(packet: Connect, peer: Peer): Client | undefined {
    const { clientId, protocolId } = packet;
    const { maxClientIdLength, maxSessions, session } = this.options;
    let reason = '';
    if (protocolId !== 1) reason = `protocol id ${protocolId}`;
    else if (clientId === '') reason = 'empty client id';
    else if (clientId.includes('\0')) reason = 'client id with U+0000';
    else if (Buffer.byteLength(clientId) > maxClientIdLength) reason = `client id over ${maxClientIdLength} bytes`;
    if (reason !== '') {
      this.refuse(packet, peer, reason);
      return undefined;
    }
    if (this.clients.size >= maxSessions) {
      this.refuse(packet, peer, `${maxSessions} sessions already`, ReturnCode.congestion);
      return undefined;
    }
    const client = newClient(
      newSession(clientId, session, predefinedOf(this.options, clientId), this.clock.now()),
      mountpointOf(this.options, clientId),
    );
    this.clients.add(client);
    return client;
  }

  private refuse(
    { clientId }: Connect,
    peer: Peer,
    reason: string,
    returnCode: ReturnCode = ReturnCode.notSupported,
    level: 'debug' | 'warn' = 'debug',
  ): void {
    this.counters.refused.value++;
    this.log[level](
      { peer: peer.address, client: clientId, identity: nameOfIdentity(peer.identity) },
      `MQTT-SN CONNECT refused: ${reason}`,
    );
    this.answer(peer, { type: 'CONNACK', returnCode });
  }

  /**
   * PINGREQ from an address that is not the named client's: a sleeper may wake up with a new address. An active client
   * cannot be moved in this way, since anybody could send that packet.
   */
  private onUnboundPing(packet: PingReq, peer: Peer): void {
    const client = packet.clientId === undefined ? undefined : this.clients.withId(packet.clientId);
    const { state } = client?.session ?? {};
    if (client === undefined || (state !== 'asleep' && state !== 'awake') || !mayTakeOver(client, peer)) {
      this.answer(peer, { type: 'DISCONNECT' });
      return;
    }
    const bound = this.clients.at(peer);
    if (bound !== undefined) this.runner.input(bound, { type: 'lose', reason: 'address taken' });
    this.clients.bind(client, peer);
    this.runner.input(client, { type: 'packet', packet });
  }

  private onEncapsulated(packet: Encapsulated, forwarder: Peer): void {
    if (!this.options.mayForward(hostOf(forwarder))) {
      this.counters.limited.value++;
      return;
    }
    const inner = decode(new Reader(packet.message));
    if (inner instanceof DecodeError || inner.type === 'ENCAPSULATED') {
      this.counters.malformed.value++;
      return;
    }
    this.onPacket(inner, new ForwardedPeer(forwarder, packet));
  }

  private answer(peer: Peer, packet: Packet): void {
    if (this.log.isLevelEnabled('trace')) this.log.trace({ peer: peer.address }, `MQTT-SN out ${format(packet)}`);
    peer.send(encode(packet));
  }
}

/** Whether this peer may have the client's session: whoever has proven an identity yields only to the same one. */
function mayTakeOver({ identity }: Client, peer: Peer): boolean {
  return identity === undefined || sameIdentity(identity, peer.identity);
}

/** Whether a PINGREQ is of the client that is bound to its sender. */
function isFor(packet: PingReq, client: Client): boolean {
  return packet.clientId === undefined || packet.clientId === client.session.clientId;
}

/** A peer's IP address. */
function hostOf(peer: Peer): string {
  const { address } = peer;
  const host = address.slice(0, address.lastIndexOf(':'));
  return host.startsWith('[') ? host.slice(1, -1) : host;
}
