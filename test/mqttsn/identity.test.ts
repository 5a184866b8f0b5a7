import test from 'ava';
import { Metrics } from '#src/core/metrics.js';
import { encode } from '#src/mqttsn/encode.js';
import { SnServer } from '#src/mqttsn/server.js';
import { LineLog } from '../dtls/harness.js';
import { FakeBroker } from '../support/fake-broker.js';
import { FakeClock } from '../support/fake-clock.js';
import { MemoryPort } from '../support/memory-port.js';
import { snOptions } from '../support/sn-world.js';

test('a client id that does not belong to the identity is refused, with one line that says why', async (t) => {
  const [port, log] = [new MemoryPort(), new LineLog()];
  const around = { clock: new FakeClock(), log, metrics: new Metrics() };
  const server = new SnServer([port], new FakeBroker(), snOptions(), around, undefined);
  await server.start();
  const device = port.known('192.0.2.1:5000', { kind: 'psk', identity: 'dev1' });
  const connect = (clientId: string): Buffer =>
    encode({ type: 'CONNECT', protocolId: 1, clientId, cleanSession: true, will: false, durationSeconds: 60 });
  port.deliver(connect('other'), device);
  t.deepEqual(device.take(), ['030503']);
  t.deepEqual(
    log.lines.filter((line) => line.startsWith('warn')),
    [
      'warn MQTT-SN CONNECT refused: the client id does not belong to the identity ' +
        '{"peer":"192.0.2.1:5000","client":"other","identity":"dev1"}',
    ],
  );
  port.deliver(connect('dev1'), device);
  await new Promise((resolve) => setImmediate(resolve));
  t.deepEqual(device.take(), ['030500']);
  await server.stop();
});
