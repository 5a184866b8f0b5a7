import { Lane } from '../lane.js';
import { forgetSession, MqttWire } from '../wire/mqtt.js';
import { publish } from '../wire/mqttsn.js';
import { SnDevice } from '../wire/sn-device.js';
import { type Prepare, times } from './load.js';

const delivered = 1;
const acknowledged = 2;

/**
 * Devices publish by MQTT-SN; one MQTT subscriber receives it all. QoS 1 counts when delivered and acknowledged. `kept` says
 * that the subscriber has a persistent session.
 */
export const snUp =
  (qos: 0 | 1, kept = false): Prepare =>
  async ({ target, clients, window, payload }, tally) => {
    const subscriber = await MqttWire.connect(target.host, target.mqttPort, 'bench-subscriber', { clean: !kept });
    await subscriber.subscribe('bench/up/#', qos);
    const devices = await times(clients, (index) =>
      SnDevice.connect(target.host, target.snPort ?? 0, `bench-device-${index}`),
    );
    const topicIds = await Promise.all(devices.map((device, index) => device.register(`bench/up/${index}`)));
    const need = qos === 0 ? delivered : delivered | acknowledged;
    const lanes = devices.map((device, index) => {
      const topicId = topicIds[index] ?? 0;
      const lane = new Lane(tally, need, window, (seq) => device.send(publish(qos, topicId, seq, index, payload)));
      device.onPuback = (msgId, returnCode) => {
        if (returnCode === 0) lane.mark(msgId, acknowledged);
        else lane.fail(msgId);
      };
      return lane;
    });
    subscriber.onPublish = (chunk, from) =>
      lanes[chunk.readUInt16BE(from)]?.mark(chunk.readUInt16BE(from + 2), delivered);
    return {
      lanes,
      async close() {
        await Promise.all(devices.map((device) => device.close()));
        subscriber.close();
        if (kept) await forgetSession(target, 'bench-subscriber');
      },
    };
  };
