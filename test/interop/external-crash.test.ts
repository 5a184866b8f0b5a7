import test from 'ava';
import { crashes, killUnderLoad } from '../e2e/external-crash.js';
import { Mosquitto } from './mosquitto-broker.js';
import { installed } from './support.js';

for (const mqttVersion of ['5', '3.1.1'] as const) {
  test.serial(
    `MQTT ${mqttVersion} and mosquitto, killed ${crashes} times: nothing acknowledged is lost, no QoS 2 message comes twice`,
    async (t) => {
      if (!installed(t, 'mosquitto')) return;
      const { mqttPort } = await Mosquitto.start(t, 'max_queued_messages 0');
      // After a client's return mosquitto 2.0 sends it new messages past those in its queue.
      await killUnderLoad(t, { mqttPort, mqttVersion, keepsOrder: false });
    },
  );
}
