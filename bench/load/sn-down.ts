import { Lane } from '../lane.js';
import { MqttWire } from '../wire/mqtt.js';
import { SnDevice } from '../wire/sn-device.js';
import { type Prepare, times } from './load.js';

const delivered = 1;
const acknowledged = 2;
const sleepSeconds = 3600;

/**
 * One MQTT publisher publishes to a topic of each device. QoS 1 counts when delivered and acknowledged to the publisher; to
 * devices that are asleep, when acknowledged.
 */
export const snDown =
  (qos: 0 | 1, kept: 'no' | 'session' | 'asleep' = 'no'): Prepare =>
  async ({ target, clients, window, payload }, tally) => {
    const connect = (index: number, clean: boolean): Promise<SnDevice> =>
      SnDevice.connect(target.host, target.snPort ?? 0, `bench-device-${index}`, { clean });
    const devices = await times(clients, async (index) => {
      const device = await connect(index, kept === 'no');
      await device.subscribe(`bench/down/${index}`, qos);
      if (kept === 'asleep') await device.sleep(sleepSeconds);
      return device;
    });
    const publisher = await MqttWire.connect(target.host, target.mqttPort, 'bench-publisher');
    const body = Buffer.alloc(payload, '.');
    const need = (kept === 'asleep' ? 0 : delivered) | (qos === 0 ? 0 : acknowledged);
    // The publisher's packet ids, and whose message each stands for.
    const laneOf = new Uint16Array(1 << 16);
    const seqOf = new Uint16Array(1 << 16);
    let packetId = 0;
    const lanes = devices.map((device, index) => {
      const topic = Buffer.from(`bench/down/${index}`);
      const lane = new Lane(tally, need, window, (seq) => {
        packetId = packetId === 0xffff ? 1 : packetId + 1;
        laneOf[packetId] = index;
        seqOf[packetId] = seq;
        body.writeUInt16BE(seq, 0);
        publisher.publish(topic, qos, packetId, body);
      });
      device.onPublish = (frame) => lane.mark(frame.readUInt16BE(7), delivered);
      return lane;
    });
    publisher.onPuback = (id) => lanes[laneOf[id] ?? 0]?.mark(seqOf[id] ?? 0, acknowledged);
    return {
      lanes,
      async close() {
        publisher.close();
        if (kept !== 'asleep') await Promise.all(devices.map((device) => device.close()));
        if (kept !== 'no') await times(clients, async (index) => (await connect(index, true)).close());
      },
    };
  };
