import { randomUUID } from 'node:crypto';
import { type BrokerLink, type BrokerPort, BrokerRefusal } from '../broker/port.js';
import { backoffMs } from '../core/backoff.js';
import type { Clock, Timer } from '../core/clock.js';
import type { Peer } from '../core/datagram.js';
import type { Log } from '../core/log.js';
import { encode } from './encode.js';
import { mountpointOf, type SnOptions } from './options.js';
import { type Publish, ReturnCode } from './packets.js';
import { returnCodeOf, topicOf } from './publishing.js';
import type { Session } from './session.js';
import { TopicRegistry } from './topic-registry.js';

/** The name of whoever publishes with QoS -1. */
const name = 'isthmus-sn-anonymous';

/** PUBLISH with QoS -1 [SN 6.8]: from anybody, through a broker link of its own [SN 7.1]. */
export class Anonymous {
  private readonly broker: BrokerPort;
  private readonly options: SnOptions;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly nobody: Pick<Session, 'topics' | 'predefined'>;
  private link: BrokerLink | undefined;
  private retry: Timer | undefined;
  private failures = 0;
  private running = false;
  /** Whether there will be no link, for the broker does not let anybody in without a user name. */
  private refused = false;

  constructor(broker: BrokerPort, options: SnOptions, { clock, log }: { readonly clock: Clock; readonly log: Log }) {
    this.broker = broker;
    this.options = options;
    this.clock = clock;
    this.log = log;
    this.nobody = { topics: new TopicRegistry(options.predefined), predefined: options.predefined };
  }

  /** Opens the link. Where the rules do not let it in, PUBLISH with QoS -1 is refused, and all else goes on. */
  async start(): Promise<void> {
    this.running = true;
    try {
      await this.open();
    } catch (error) {
      if (!(error instanceof BrokerRefusal) || error.code === 'UNAVAILABLE') throw error;
      this.refused = true;
      this.log.warn({ err: error }, 'MQTT-SN PUBLISH with QoS -1 is refused: the broker does not let it in');
    }
  }

  private async open(): Promise<void> {
    const { username, password } = this.options.credentials;
    const link = await this.broker.open({
      // Nobody can take this client id, which only this process knows.
      clientId: `${name}-${randomUUID()}`,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password: Buffer.from(password) }),
      cleanSession: true,
      patient: true,
      isGateway: true,
      protocol: 'mqttsn',
      address: '',
      onMessage: (_message, taken) => taken(),
      onClose: (reason) => {
        this.link = undefined;
        this.log.warn({ reason }, 'the broker link for MQTT-SN QoS -1 has ended');
        this.reopen();
      },
    });
    if (!this.running) return link.close();
    this.link = link;
    this.failures = 0;
  }

  private reopen(): void {
    if (!this.running) return;
    this.retry = this.clock.after('mqttsn anonymous link', backoffMs(this.failures++, 100, 30_000), () => {
      this.open().catch((error: unknown) => {
        this.log.warn({ err: error }, 'the broker link for MQTT-SN QoS -1 was refused');
        this.reopen();
      });
    });
  }

  stop(): void {
    this.running = false;
    this.retry?.cancel();
    this.link?.close();
    this.link = undefined;
  }

  /** Publishes; only a refusal is answered, by a PUBACK that is no longer than the PUBLISH. */
  publish(packet: Publish, peer: Peer, session: Session | undefined): void {
    const refuse = (returnCode: ReturnCode): void => {
      const { topicId, msgId } = packet;
      peer.send(encode({ type: 'PUBACK', topicId, msgId, returnCode }));
    };
    if (!this.options.enableQos3 || this.refused) {
      refuse(ReturnCode.notSupported);
      return;
    }
    // A normal topic id means something only within a session.
    const topic = topicOf(session ?? this.nobody, packet);
    if (topic === undefined) {
      refuse(ReturnCode.invalidTopicId);
      return;
    }
    if (this.link === undefined) {
      refuse(ReturnCode.congestion);
      return;
    }
    const mounted = mountpointOf(this.options, name) + topic;
    this.link.publish({ topic: mounted, payload: packet.payload, qos: 0, retain: packet.retain }, (refusal) => {
      if (refusal !== undefined) refuse(returnCodeOf(refusal));
    });
  }
}
