import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { certificates, keys } from '../vectors/dtls-certificates.js';
import { runPahoTester } from './paho-tester.js';

test("Paho's GatewayTester: discovery, subscriptions, sleep, reconnection", async (t) => {
  await runPahoTester(t, 'MQTT-SNGatewayTester', () => ['mqtt.sn.port = 0.0.0.0:1883']);
});

test("Paho's GatewayTester over DTLS, which finds the gateway by the port that answers it", async (t) => {
  const output = await runPahoTester(t, 'MQTT-SNGatewayTester-dtls', (folder) => {
    writeFileSync(join(folder, 'server.pem'), certificates.server);
    writeFileSync(join(folder, 'server.key'), keys.server);
    return [
      'mqtt.sn.port = 127.0.0.1:1885',
      'mqtt.sn.bind.dtls.1 = 0.0.0.0:1883',
      `mqtt.sn.dtls.certfile = ${join(folder, 'server.pem')}`,
      `mqtt.sn.dtls.keyfile = ${join(folder, 'server.key')}`,
    ];
  });
  if (output !== undefined) t.regex(output, /ECDHE_ECDSA.*DTLS session begins/);
});
