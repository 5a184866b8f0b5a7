import test from 'ava';
import { GatewayProcess } from '../support/gateway-process.js';
import { crashes, killUnderLoad } from './external-crash.js';

test.serial(
  `killed ${crashes} times beside its broker: nothing acknowledged is lost, no QoS 2 message comes twice`,
  async (t) => {
    const broker = await GatewayProcess.start(t, { isthmus: ['broker.queue_limit = 1000000'] });
    await killUnderLoad(t, { mqttPort: broker.mqttPort, mqttVersion: '3.1.1', keepsOrder: true });
  },
);
