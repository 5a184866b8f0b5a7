/** A PUBLISH as mqtt-packet would give it to aedes. */
export interface ReceivedPublish {
  readonly cmd: 'publish';
  readonly retain: boolean;
  readonly qos: number;
  readonly dup: boolean;
  readonly length: number;
  readonly topic: string;
  readonly payload: Buffer;
  /** With QoS 1 and 2. */
  readonly messageId?: number;
}

/** One of the four packets that are nothing but a message id, as mqtt-packet would give it. */
export interface ReceivedAcknowledgement {
  readonly cmd: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp';
  readonly retain: false;
  readonly qos: number;
  readonly dup: false;
  readonly length: 2;
  readonly topic: null;
  readonly payload: null;
  readonly messageId: number;
}

const publish = 3;

// By their first byte, their flags being fixed [MQTT-2.2.2-1].
const acknowledgements: ReadonlyMap<number, ReceivedAcknowledgement['cmd']> = new Map([
  [0x40, 'puback'],
  [0x50, 'pubrec'],
  [0x62, 'pubrel'],
  [0x70, 'pubcomp'],
]);

/** Walks over the packets in a chunk of an MQTT stream by their fixed headers [MQTT-2.2]. */
export class PacketCursor {
  private readonly chunk: Buffer;
  /** Where the packet begins, where what follows its fixed header does, and where it ends. */
  at: number;
  private body = 0;
  end = 0;

  constructor(chunk: Buffer, at: number) {
    this.chunk = chunk;
    this.at = at;
  }

  /** Looks at the packet that begins here; false when it is not all there or its length is no length. */
  whole(): boolean {
    const { chunk } = this;
    let body = this.at + 1;
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      if (body >= chunk.length || shift > 21) return false;
      const byte = chunk[body++] as number;
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    this.body = body;
    this.end = body + length;
    return this.end <= chunk.length;
  }

  /** The packet, if it is one of those decoded here and has the form of one. */
  decode(): ReceivedPublish | ReceivedAcknowledgement | undefined {
    return (this.chunk[this.at] as number) >> 4 === publish ? this.publish() : this.acknowledgement();
  }

  /**
   * The packet, if it is a PUBLISH whose parts have room in it [MQTT-3.3]. Its payload is a view of the chunk. What the
   * topic may be is not looked at.
   */
  private publish(): ReceivedPublish | undefined {
    const { chunk, body, end } = this;
    const flags = chunk[this.at] as number;
    const qos = (flags >> 1) & 3;
    if (qos === 3 || body + 2 > end) return undefined;
    const topicEnd = body + 2 + u16(chunk, body);
    const payloadStart = qos === 0 ? topicEnd : topicEnd + 2;
    if (payloadStart > end) return undefined;
    const retain = (flags & 1) !== 0;
    const dup = (flags & 8) !== 0;
    const length = end - body;
    const topic = chunk.toString('utf8', body + 2, topicEnd);
    const payload = payloadStart === end ? empty : chunk.subarray(payloadStart, end);
    // Not one object spread into another: those that write to the packet would take twice as long.
    if (qos === 0) return { cmd: 'publish', retain, qos, dup, length, topic, payload };
    return { cmd: 'publish', retain, qos, dup, length, topic, payload, messageId: u16(chunk, topicEnd) };
  }

  private acknowledgement(): ReceivedAcknowledgement | undefined {
    const { chunk, body, end } = this;
    const first = chunk[this.at] as number;
    const cmd = acknowledgements.get(first);
    if (cmd === undefined || end - body !== 2) return undefined;
    const qos = (first >> 1) & 3;
    const messageId = u16(chunk, body);
    return { cmd, retain: false, qos, dup: false, length: 2, topic: null, payload: null, messageId };
  }
}

const u16 = (bytes: Buffer, at: number): number => ((bytes[at] as number) << 8) | (bytes[at + 1] as number);

/** Does not keep the chunk alive. */
const empty = Buffer.alloc(0);
