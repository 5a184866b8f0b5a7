import type { ExecutionContext } from 'ava';
import { EmbeddedBroker } from '#src/broker/embedded.js';
import type { EmbeddedOptions } from '#src/broker/embedded-options.js';
import { type ListenerOptions, MqttListener } from '#src/broker/listeners.js';
import type { BrokerLink, BrokerPort, LinkOptions, Message } from '#src/broker/port.js';
import { silentLog } from '#src/core/log.js';
import { Metrics } from '#src/core/metrics.js';

/** An embedded broker with one listener on a free port of the loopback interface. */
export class TestBroker {
  readonly broker: EmbeddedBroker;
  readonly listener: MqttListener;
  readonly metrics = new Metrics();

  private constructor(options: EmbeddedOptions, listener: Partial<ListenerOptions>) {
    this.broker = new EmbeddedBroker(options, silentLog, this.metrics);
    this.listener = new MqttListener({ kind: 'tcp', host: '127.0.0.1', port: 0, ...listener }, silentLog, this.metrics);
  }

  /** Starts a broker that stops with the test. */
  static async start(
    t: ExecutionContext,
    options: EmbeddedOptions = {},
    listener: Partial<ListenerOptions> = {},
  ): Promise<TestBroker> {
    const test = new TestBroker(options, listener);
    t.teardown(() => test.stop());
    await test.broker.start();
    await test.listener.start((stream, request) => test.broker.handleConnection(stream, request));
    return test;
  }

  /** For MQTT clients over TCP. */
  get url(): string {
    return `mqtt://127.0.0.1:${this.listener.port}`;
  }

  /** Opens a link whose messages are kept. */
  link(clientId: string, options: Partial<LinkOptions> = {}): Promise<TestLink> {
    return TestLink.open(this.broker, clientId, options);
  }

  async stop(): Promise<void> {
    await this.listener.stop();
    await this.broker.stop();
  }
}

/** A link whose calls are promises and whose messages wait to be read. */
export class TestLink {
  readonly received: Message[] = [];
  readonly closed: string[] = [];
  private link: BrokerLink | undefined;
  private wake: (() => void) | undefined;

  static async open(broker: BrokerPort, clientId: string, options: Partial<LinkOptions> = {}): Promise<TestLink> {
    const test = new TestLink();
    test.link = await broker.open({
      clientId,
      cleanSession: true,
      protocol: 'test',
      address: 'memory',
      onMessage: (message, taken) => {
        test.received.push(message);
        taken();
        test.wake?.();
      },
      onClose: (reason) => test.closed.push(reason),
      ...options,
    });
    return test;
  }

  get raw(): BrokerLink {
    if (this.link === undefined) throw new Error('not open');
    return this.link;
  }

  publish(topic: string, payload: string | Buffer, options: { qos?: 0 | 1 | 2; retain?: boolean } = {}): Promise<void> {
    const message = { topic, payload: Buffer.from(payload), qos: options.qos ?? 0, retain: options.retain ?? false };
    return new Promise((resolve, reject) =>
      this.raw.publish(message, (refusal) => (refusal ? reject(refusal) : resolve())),
    );
  }

  subscribe(filter: string, qos: 0 | 1 | 2 = 0): Promise<number> {
    return new Promise((resolve, reject) =>
      this.raw.subscribe(filter, qos, (refusal, granted) => (refusal ? reject(refusal) : resolve(granted ?? -1))),
    );
  }

  unsubscribe(filter: string): Promise<void> {
    return new Promise((resolve, reject) =>
      this.raw.unsubscribe(filter, (refusal) => (refusal ? reject(refusal) : resolve())),
    );
  }

  /** Waits until so many messages have come; gives them as `topic qos retain payload`. */
  async messages(count: number, timeoutMs = 3000): Promise<string[]> {
    const until = Date.now() + timeoutMs;
    while (this.received.length < count && Date.now() < until) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, until - Date.now());
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.received.map(lineOf);
  }
}

/** A message as one line, for comparisons. */
export const lineOf = ({ topic, qos, retain, payload }: Message): string =>
  `${topic} ${qos}${retain ? ' retained' : ''} ${payload.toString()}`;
