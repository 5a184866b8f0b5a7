import type { BrokerLink, BrokerPort } from '../broker/port.js';
import type { Peer } from '../core/datagram.js';
import type { Log } from '../core/log.js';
import { encode } from './encode.js';
import { mountpointOf, type SnOptions } from './options.js';
import { type Publish, ReturnCode } from './packets.js';
import { returnCodeOf, topicOf } from './publishing.js';
import type { Session } from './session.js';
import { TopicRegistry } from './topic-registry.js';

/** The name by which the broker's rules know who publishes with QoS -1. */
const clientId = 'isthmus-sn-anonymous';

/** PUBLISH with QoS -1 [SN 6.8]: from anybody, through a broker link of its own [SN 7.1]. */
export class Anonymous {
  private readonly broker: BrokerPort;
  private readonly options: SnOptions;
  private readonly log: Log;
  private readonly nobody: Pick<Session, 'topics' | 'predefined'>;
  private link: BrokerLink | undefined;

  constructor(broker: BrokerPort, options: SnOptions, log: Log) {
    this.broker = broker;
    this.options = options;
    this.log = log;
    this.nobody = { topics: new TopicRegistry(options.predefined), predefined: options.predefined };
  }

  async start(): Promise<void> {
    const { username, password } = this.options.credentials;
    this.link = await this.broker.open({
      clientId,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password: Buffer.from(password) }),
      cleanSession: true,
      protocol: 'mqttsn',
      address: '',
      onMessage: (_message, taken) => taken(),
      onClose: (reason) => {
        this.link = undefined;
        this.log.warn({ reason }, 'the broker link for MQTT-SN QoS -1 has ended');
      },
    });
  }

  stop(): void {
    this.link?.close();
    this.link = undefined;
  }

  /** Publishes; only a refusal is answered, by a PUBACK that is no longer than the PUBLISH. */
  publish(packet: Publish, peer: Peer, session: Session | undefined): void {
    const refuse = (returnCode: ReturnCode): void => {
      const { topicId, msgId } = packet;
      peer.send(encode({ type: 'PUBACK', topicId, msgId, returnCode }));
    };
    if (!this.options.enableQos3) {
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
    const mounted = mountpointOf(this.options, clientId) + topic;
    this.link.publish({ topic: mounted, payload: packet.payload, qos: 0, retain: packet.retain }, (refusal) => {
      if (refusal !== undefined) refuse(returnCodeOf(refusal));
    });
  }
}
