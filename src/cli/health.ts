import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import type { Config } from '../config/config.js';
import { formatListener, type Listener } from '../config/units.js';

/** A question to a running gateway. */
export interface Probe {
  /** `mqtt-sn udp 0.0.0.0:1884`. */
  readonly name: string;
  /** Resolves with whether there was an answer in time. */
  ask(): Promise<boolean>;
}

const repetitions = 4;
const repeatMs = 500;

/** A question for each plain listener whose port is known. */
export function probesOf(config: Config): readonly Probe[] {
  const tcp = config.broker.mode === 'embedded' ? config.broker.listeners.tcp : [];
  return [
    ...tcp.map((at) => probe('mqtt tcp', at, () => connects(at))),
    ...config.sn.listeners.udp.map((at) => probe('mqtt-sn udp', at, () => answers(at, searchGateway, isGatewayInfo))),
    ...config.lwm2m.listeners.udp.map((at) => probe('coap udp', at, () => pings(at))),
  ].filter(({ at }) => at.port !== 0);
}

const probe = (what: string, at: Listener, ask: () => Promise<boolean>): Probe & { at: Listener } => ({
  name: `${what} ${formatListener(at)}`,
  at,
  ask,
});

/** SEARCHGW with radius 0 [SN 5.4.2]; its answer is GWINFO. */
const searchGateway = Buffer.from([3, 0x01, 0]);
const isGatewayInfo = (datagram: Buffer): boolean => datagram.length >= 3 && datagram[1] === 0x02;

/** An empty confirmable message, which is answered by a reset of the same message id [RFC 7252 4.3]. */
function pings(at: Listener): Promise<boolean> {
  const id = randomBytes(2);
  const reset = Buffer.concat([Buffer.from([0x70, 0]), id]);
  return answers(at, Buffer.concat([Buffer.from([0x40, 0]), id]), (datagram) => datagram.equals(reset));
}

function answers(at: Listener, question: Buffer, isAnswer: (datagram: Buffer) => boolean): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(at.host) ? 'udp6' : 'udp4');
    let sent = 0;
    const ask = (): void => {
      if (sent++ === repetitions) end(false);
      else socket.send(question, at.port, reachable(at.host), () => {});
    };
    const timer = setInterval(ask, repeatMs);
    const end = (answered: boolean): void => {
      clearInterval(timer);
      socket.removeAllListeners();
      socket.close();
      resolve(answered);
    };
    socket.on('message', (datagram) => {
      if (isAnswer(datagram)) end(true);
    });
    socket.on('error', () => end(false));
    ask();
  });
}

function connects(at: Listener): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: reachable(at.host), port: at.port, timeout: repetitions * repeatMs });
    const end = (connected: boolean) => (): void => {
      socket.destroy();
      resolve(connected);
    };
    socket.on('connect', end(true));
    socket.on('timeout', end(false));
    socket.on('error', end(false));
  });
}

/** An address that packets can be sent to: for every address of a family, its loopback. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}
