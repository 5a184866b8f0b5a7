import { isIP, isIPv6 } from 'node:net';
import { DgramAsPromised, type SocketAsPromised } from 'dgram-as-promised';
import type { DatagramHandler, DatagramPort, Peer } from '../core/datagram.js';
import { IsthmusError } from '../core/errors.js';
import type { Log } from '../core/log.js';
import type { Counter, Metrics } from '../core/metrics.js';

// The system's own has room for some hundred datagrams: what comes while the process is busy for a moment would be lost.
const roomForBursts = 4 * 1024 * 1024;

/** Where and how to listen. */
export interface UdpOptions {
  /** An IP address, v4 or v6. */
  readonly host: string;
  /** 0 takes any free port, see `UdpPort.port`. */
  readonly port: number;
  /** Socket buffers in bytes; the system may grant less. For receiving 4 MiB by default, for sending the system's own. */
  readonly receiveBuffer?: number;
  readonly sendBuffer?: number;
  /** Put before the key of every peer, so that peers of several ports differ; empty by default. */
  readonly keyPrefix?: string;
  /** Multicast groups to join, of the same family as the host. */
  readonly groups?: readonly string[];
  /**
   * Whether what is sent in one turn of the event loop goes out at its end, one datagram after the other. That costs less
   * than sending each between other work: whoever receives them is woken once, not once for each.
   */
  readonly gather?: boolean;
  /** Whether to send to broadcast addresses. */
  readonly broadcast?: boolean;
}

interface Outgoing {
  readonly datagram: Buffer;
  readonly host: string;
  readonly port: number;
}

/** A UDP socket as a DatagramPort: one peer per source address and port. */
export class UdpPort implements DatagramPort {
  private socket: SocketAsPromised | undefined;
  private readonly options: UdpOptions;
  private readonly log: Log;
  private readonly sendErrors: Counter;
  /** What goes out at the end of this turn. */
  private gathered: Outgoing[] = [];
  /** By the port modulo the length. */
  private readonly heard: (UdpPeer | undefined)[] = Array.from({ length: 1024 });

  constructor(options: UdpOptions, log: Log, metrics: Metrics) {
    this.options = options;
    this.log = log;
    this.sendErrors = metrics.counter('udp.send_errors');
  }

  get name(): string {
    const { host } = this.options;
    return `udp ${isIPv6(host) ? `[${host}]` : host}:${this.port}`;
  }

  /** The address it listens on. */
  get host(): string {
    return this.options.host;
  }

  /** The port bound, once started. */
  get port(): number {
    return this.socket?.address().port ?? this.options.port;
  }

  async start(handler: DatagramHandler): Promise<void> {
    if (this.socket !== undefined) return;
    const { host, port, receiveBuffer = roomForBursts, sendBuffer } = this.options;
    const v6 = isIPv6(host);
    // dgram resolves even numeric addresses through its lookup function; ours answers without leaving the call.
    const lookup = (address: string, _family: unknown, done: (error: null, address: string, family: number) => void) =>
      done(null, address, v6 ? 6 : 4);
    const socket = DgramAsPromised.createSocket({
      type: v6 ? 'udp6' : 'udp4',
      ipv6Only: v6,
      lookup,
      recvBufferSize: receiveBuffer,
      ...(sendBuffer === undefined ? {} : { sendBufferSize: sendBuffer }),
    });
    try {
      await socket.bind({ address: host, port, exclusive: true });
    } catch (error) {
      socket.destroy();
      throw new IsthmusError('LISTEN', `udp ${host}:${port}: ${(error as Error).message}`, { cause: error });
    }
    const raw = socket.socket;
    try {
      if (this.options.broadcast === true) raw.setBroadcast(true);
      for (const group of this.options.groups ?? []) raw.addMembership(group);
    } catch (error) {
      socket.destroy();
      throw new IsthmusError('LISTEN', `udp ${host}:${port}: ${(error as Error).message}`, { cause: error });
    }
    raw.on('message', (datagram, { address, port }) => handler(datagram, this.sender(address, port)));
    raw.on('error', (error) => this.log.error({ err: error, port: this.name }, 'UDP socket error'));
    this.socket = socket;
  }

  async stop(): Promise<void> {
    this.flush();
    const { socket } = this;
    this.socket = undefined;
    if (socket === undefined) return;
    socket.socket.removeAllListeners('message');
    await socket.close();
  }

  /** The peer at an address, heard of or not: a group, a broadcast address, a device from before a restart. */
  peer(host: string, port: number): UdpPeer {
    return new UdpPeer(this, this.options.keyPrefix ?? '', host, port);
  }

  /** The peer of a datagram; one of those heard of lately is not made again. */
  private sender(host: string, port: number): Peer {
    const place = port % this.heard.length;
    const known = this.heard[place];
    if (known?.port === port && known.host === host) return known;
    const peer = this.peer(host, port);
    this.heard[place] = peer;
    return peer;
  }

  /** Sends a datagram; while the port is not started it is lost. */
  transmit(datagram: Buffer, host: string, port: number): void {
    if (this.options.gather !== true) {
      this.send(datagram, host, port);
      return;
    }
    if (this.gathered.length === 0) setImmediate(this.flush);
    this.gathered.push({ datagram, host, port });
  }

  private readonly flush = (): void => {
    const { gathered } = this;
    this.gathered = [];
    for (const { datagram, host, port } of gathered) this.send(datagram, host, port);
  };

  private send(datagram: Buffer, host: string, port: number): void {
    try {
      if (this.socket === undefined) this.sendErrors.value++;
      else this.socket.socket.send(datagram, port, host, this.sent);
    } catch {
      // A socket that is being closed throws: the datagram is lost, as any may be.
      this.sendErrors.value++;
    }
  }

  peerAt(key: string): Peer | undefined {
    const prefix = this.options.keyPrefix ?? '';
    const [host = '', port = ''] = key.slice(prefix.length).split('|');
    if (!key.startsWith(prefix) || isIP(host) === 0 || !/^\d+$/.test(port)) return undefined;
    return this.peer(host, Number(port));
  }

  private readonly sent = (error: Error | null): void => {
    if (error !== null && error !== undefined) this.sendErrors.value++;
  };
}

class UdpPeer implements Peer {
  readonly key: string;
  readonly host: string;
  readonly port: number;
  private readonly udp: UdpPort;

  constructor(udp: UdpPort, prefix: string, host: string, port: number) {
    this.udp = udp;
    this.host = host;
    this.port = port;
    this.key = `${prefix}${host}|${port}`;
  }

  get address(): string {
    return this.host.includes(':') ? `[${this.host}]:${this.port}` : `${this.host}:${this.port}`;
  }

  send(datagram: Buffer): void {
    this.udp.transmit(datagram, this.host, this.port);
  }
}
