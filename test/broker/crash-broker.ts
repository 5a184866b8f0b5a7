import { writeSync } from 'node:fs';
import { EmbeddedBroker } from '#src/broker/embedded.js';
import { MqttListener } from '#src/broker/listeners.js';
import { silentLog } from '#src/core/log.js';
import { Metrics } from '#src/core/metrics.js';
import { LevelStore } from '#src/store/level-store.js';

// A process to be killed: a broker on a folder and a port.
const [dir = '', port = '0'] = process.argv.slice(2);
const store = await LevelStore.open(dir, silentLog);
const broker = new EmbeddedBroker({ store, queueLimit: 1_000_000 }, silentLog, new Metrics());
await broker.start();
const listener = new MqttListener({ kind: 'tcp', host: '127.0.0.1', port: Number(port) }, silentLog, new Metrics());
await listener.start((stream) => broker.handleConnection(stream));
writeSync(1, `${listener.port}\n`);
