import { Lane } from '../lane.js';
import type { Job } from '../protocol.js';
import type { Tally } from '../tally.js';
import { forgetSession, MqttWire } from '../wire/mqtt.js';
import { type Load, type Prepare, times } from './load.js';

const delivered = 1;
const acknowledged = 2;

/** How publications by MQTT are received. */
interface Receiving {
  readonly qos: 0 | 1 | 2;
  /** Subscribers with a session that is kept. */
  readonly kept?: boolean;
}

/** Publishers and subscribers on MQTT over TCP. QoS 1 and 2 count when delivered and acknowledged. */
export const mqtt =
  ({ qos, kept = false }: Receiving): Prepare =>
  async (job, tally) => {
    const { target, subscribers: count } = job;
    const nameOf = (index: number): string => `bench-subscriber-${index}`;
    const subscribers = await times(count, async (index) => {
      const subscriber = await MqttWire.connect(target.host, target.mqttPort, nameOf(index), { clean: !kept });
      await subscriber.subscribe(`bench/mqtt/${index}/#`, qos);
      return subscriber;
    });
    const publishing = await publishers(job, tally, {
      qos,
      need: qos === 0 ? delivered : delivered | acknowledged,
      topicOf: (index) => `bench/mqtt/${index % count}/${index}`,
    });
    for (const subscriber of subscribers) {
      subscriber.onPublish = (chunk, from) =>
        publishing.lanes[chunk.readUInt16BE(from)]?.mark(chunk.readUInt16BE(from + 2), delivered);
    }
    return {
      lanes: publishing.lanes,
      async close() {
        await publishing.close();
        for (const subscriber of subscribers) subscriber.close();
        if (kept) await times(count, (index) => forgetSession(target, nameOf(index)));
      },
    };
  };

/** Publications with QoS 1 for subscribers that are away, each publisher's for another one. They count when acknowledged. */
export const mqttOffline: Prepare = async (job, tally) => {
  const { target, clients } = job;
  const nameOf = (index: number): string => `bench-away-${index}`;
  await times(clients, async (index) => {
    const subscriber = await MqttWire.connect(target.host, target.mqttPort, nameOf(index), { clean: false });
    await subscriber.subscribe(`bench/kept/${index}`, 1);
    await subscriber.finish();
  });
  const publishing = await publishers(job, tally, {
    qos: 1,
    need: acknowledged,
    topicOf: (index) => `bench/kept/${index}`,
  });
  return {
    lanes: publishing.lanes,
    async close() {
      await publishing.close();
      await times(clients, (index) => forgetSession(target, nameOf(index)));
    },
  };
};

/** One publisher with QoS 0, and every client subscribed to it. A message counts when all have it. */
export const mqttFan: Prepare = async ({ target, clients, window, payload }, tally) => {
  const subscribers = await times(clients, async (index) => {
    const subscriber = await MqttWire.connect(target.host, target.mqttPort, `bench-subscriber-${index}`);
    await subscriber.subscribe('bench/fan', 0);
    return subscriber;
  });
  const publisher = await MqttWire.connect(target.host, target.mqttPort, 'bench-publisher');
  const topic = Buffer.from('bench/fan');
  const body = Buffer.alloc(payload, '.');
  const received = new Uint16Array(1 << 16);
  const lane = new Lane(tally, delivered, window, (seq) => {
    received[seq] = 0;
    body.writeUInt16BE(seq, 0);
    publisher.publish(topic, 0, 0, body);
  });
  for (const subscriber of subscribers) {
    subscriber.onPublish = (chunk, from) => {
      const seq = chunk.readUInt16BE(from);
      const count = (received[seq] ?? 0) + 1;
      received[seq] = count;
      if (count === clients) lane.mark(seq, delivered);
    };
  }
  return {
    lanes: [lane],
    async close() {
      publisher.close();
      for (const subscriber of subscribers) subscriber.close();
    },
  };
};

/** A connection and a lane for each client; acknowledgements are marked. The payload begins with lane and number. */
async function publishers(
  { target, clients, window, payload }: Job,
  tally: Tally,
  { qos, need, topicOf }: { qos: number; need: number; topicOf: (index: number) => string },
): Promise<Load> {
  const wires = await times(clients, (index) =>
    MqttWire.connect(target.host, target.mqttPort, `bench-publisher-${index}`),
  );
  const lanes = wires.map((wire, index) => {
    const topic = Buffer.from(topicOf(index));
    const body = Buffer.alloc(payload, '.');
    body.writeUInt16BE(index, 0);
    const lane = new Lane(tally, need, window, (seq) => {
      body.writeUInt16BE(seq, 2);
      wire.publish(topic, qos, seq, body);
    });
    wire.onPuback = (packetId) => lane.mark(packetId, acknowledged);
    return lane;
  });
  return {
    lanes,
    async close() {
      for (const wire of wires) wire.close();
    },
  };
}
