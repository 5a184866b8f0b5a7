import { randomBytes } from 'node:crypto';
import { generate, type OptionName, type ParsedPacket, parse } from 'coap-packet';
import { Endpoint } from '#src/coap/endpoint.js';
import { systemClock } from '#src/core/clock.js';
import { silentLog } from '#src/core/log.js';
import { Metrics } from '#src/core/metrics.js';
import { Journal } from '#src/lwm2m/journal.js';
import { defaultLwm2mOptions, type Lwm2mOptions } from '#src/lwm2m/options.js';
import { Lwm2mServer } from '#src/lwm2m/server.js';
import { UdpPort } from '#src/net/udp.js';
import { noStore } from '#src/store/no-store.js';
import type { Store } from '#src/store/store.js';
import { FakeBroker } from '../../support/fake-broker.js';
import { LockStep } from '../../support/lockstep.js';
import { shipped } from './definitions.js';

/** A server on a UDP port of the loopback address, any that is free unless one is named, and its broker. */
export async function listening(options: Partial<Lwm2mOptions> = {}, store: Store = noStore, at = 0) {
  const metrics = new Metrics();
  const broker = new FakeBroker();
  const port = new UdpPort({ host: '127.0.0.1', port: at }, silentLog, metrics);
  const server = new Lwm2mServer({
    options: { ...defaultLwm2mOptions, ...options },
    endpoints: [new Endpoint({ port, clock: systemClock, log: silentLog, metrics })],
    broker,
    definitions: shipped,
    journal: new Journal(store),
    clock: systemClock,
    randomBytes,
    log: silentLog,
    metrics,
  });
  await server.start();
  return { server, broker, metrics, port: port.port, seen: broker.watch('lwm2m/+/+/#') };
}

/** How a device answers: at once in its acknowledgement, or first an empty one and the answer later. */
export type Manner = 'piggybacked' | 'separate';

interface Answer {
  readonly code: string;
  readonly contentFormat?: number;
  readonly payload?: Buffer | string;
  readonly observe?: number;
  readonly location?: readonly string[];
}

/** A device over real UDP whose every message the test says. */
export class UdpDevice {
  private readonly wire: LockStep;
  private messageId = 1000;

  private constructor(wire: LockStep) {
    this.wire = wire;
  }

  static async at(port: number): Promise<UdpDevice> {
    return new UdpDevice(await LockStep.to(port));
  }

  /** Asks, and gives back the answer to it. */
  async ask(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, payload = ''): Promise<ParsedPacket> {
    this.messageId += 1;
    const [way = '', query] = path.split('?');
    const options = [
      ...way
        .split('/')
        .filter((segment) => segment !== '')
        .map((segment) => option('Uri-Path', segment)),
      ...(payload === '' ? [] : [{ name: 'Content-Format' as const, value: Buffer.of(40) }]),
      ...(query === undefined ? [] : query.split('&').map((parameter) => option('Uri-Query', parameter))),
    ];
    const token = Buffer.of(this.messageId >> 8, this.messageId & 255);
    this.wire.send(
      generate({
        code: method,
        confirmable: true,
        messageId: this.messageId,
        token,
        options,
        payload: Buffer.from(payload),
      }),
    );
    return this.receive();
  }

  /** Registers; gives the location. */
  async register(endpoint: string, links = '</1/0>,</3/0>', query = 'lt=300&lwm2m=1.0&b=U'): Promise<string> {
    const answer = await this.ask('POST', `/rd?ep=${endpoint}&${query}`, links);
    if (answer.code !== '2.01') throw new Error(`registration answered ${answer.code}`);
    return `/${textsOf(answer, 'Location-Path').join('/')}`;
  }

  async receive(): Promise<ParsedPacket> {
    return parse(await this.wire.receive());
  }

  /** Answers a request of the server's, in either manner. */
  async answer(request: ParsedPacket, answer: Answer, manner: Manner): Promise<void> {
    const { messageId, token } = request;
    if (manner === 'piggybacked') {
      this.wire.send(generate({ ack: true, messageId, token, ...packetOf(answer) }));
      return;
    }
    this.wire.send(generate({ ack: true, messageId, code: '0.00' }));
    await this.confirmed(token, answer);
  }

  /** Sends a response as a confirmable message of its own and waits for its acknowledgement. */
  async confirmed(token: Buffer, answer: Answer): Promise<ParsedPacket> {
    this.messageId += 1;
    const { messageId } = this;
    this.wire.send(generate({ confirmable: true, messageId, token, ...packetOf(answer) }));
    const reply = await this.receive();
    if (reply.messageId !== messageId || reply.code !== '0.00') throw new Error(`not acknowledged: ${reply.code}`);
    return reply;
  }

  reset(request: ParsedPacket): void {
    this.wire.send(generate({ reset: true, messageId: request.messageId, code: '0.00' }));
  }

  close(): void {
    this.wire.close();
  }
}

/** A request in a line: `GET /3/0?depth=1 accept 11542`. */
export function line(packet: ParsedPacket): string {
  const methods: Record<string, string> = { '0.01': 'GET', '0.02': 'POST', '0.03': 'PUT', '0.04': 'DELETE' };
  const query = textsOf(packet, 'Uri-Query');
  const number = (name: OptionName): number[] =>
    valuesOf(packet, name).map((value) => Number(`0x0${value.toString('hex')}`));
  return [
    methods[packet.code] ?? packet.code,
    `/${textsOf(packet, 'Uri-Path').join('/')}${query.length === 0 ? '' : `?${query.join('&')}`}`,
    ...number('Content-Format').map((format) => `${format} ${packet.payload.toString('hex')}`),
    ...number('Accept').map((format) => `accept ${format}`),
    ...number('Observe').map((value) => `observe ${value}`),
  ].join(' ');
}

function packetOf({ code, contentFormat, payload = '', observe, location = [] }: Answer) {
  return {
    code,
    payload: Buffer.from(payload as string),
    options: [
      ...(observe === undefined ? [] : [{ name: 'Observe' as const, value: Buffer.of(observe) }]),
      ...location.map((segment) => option('Location-Path', segment)),
      ...(contentFormat === undefined
        ? []
        : [{ name: 'Content-Format' as const, value: Buffer.of(contentFormat >> 8, contentFormat & 255) }]),
    ],
  };
}

function option(name: OptionName, text: string): { name: OptionName; value: Buffer } {
  return { name, value: Buffer.from(text) };
}

function valuesOf(packet: ParsedPacket, name: OptionName): Buffer[] {
  return packet.options.filter((candidate) => candidate.name === name).map(({ value }) => value);
}

function textsOf(packet: ParsedPacket, name: OptionName): string[] {
  return valuesOf(packet, name).map(String);
}
