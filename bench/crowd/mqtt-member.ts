import { MqttWire } from '../wire/mqtt.js';
import { type Enrol, persistently } from './member.js';

const keepAliveSeconds = 60;
const bufferSize = 256;

/** A member on MQTT over TCP, with a keepalive of a minute. */
export const mqttMember: Enrol = ({ host, mqttPort }, index, hearing) => {
  const topic = Buffer.from(`crowd/down/${index}`);
  let wire: MqttWire | undefined;
  let packetId = 0;
  return {
    connect: () =>
      persistently(async () => {
        const made = await MqttWire.connect(host, mqttPort, `crowd-mqtt-${index}`, { keepAliveSeconds, bufferSize });
        await made.subscribe(`crowd/up/${index}`, 1);
        made.onPublish = (chunk, from, to) => hearing.received(chunk.subarray(from, to));
        made.onPuback = () => hearing.acknowledged();
        wire = made;
      }),
    publish(payload) {
      packetId = (packetId % 0xffff) + 1;
      wire?.publish(topic, 1, packetId, payload);
      return wire !== undefined;
    },
    forget() {
      wire?.destroy();
      wire = undefined;
    },
    close: () => wire?.close(),
  };
};
