// The DTLS server of Isthmus with nothing above it but an echo, on a port that it tells its parent.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { systemClock } from '#src/core/clock.js';
import { silentLog } from '#src/core/log.js';
import { Metrics } from '#src/core/metrics.js';
import { PersistentSessions } from '#src/dtls/persistent-sessions.js';
import { DtlsPort } from '#src/dtls/server.js';
import { TableSessionStore } from '#src/dtls/table-session-store.js';
import { UdpPort } from '#src/net/udp.js';
import { LevelStore } from '#src/store/level-store.js';
import { sharedKey } from './client.js';
import type { ServerMemory, ToServer } from './measure.js';

const [, , keyFile = '', certificateFile = '', storeFolder = ''] = process.argv;
const around = { clock: systemClock, log: silentLog, metrics: new Metrics() };
const udp = new UdpPort({ host: '127.0.0.1', port: 0, receiveBuffer: 1 << 20 }, around.log, around.metrics);
const credentials = {
  psk: { lookup: () => ({ key: sharedKey.key }) },
  key: readFileSync(keyFile, 'utf8'),
  certificate: readFileSync(certificateFile, 'utf8'),
};
// All clients of the load have one address: the limits for one source are not what is measured.
const limits = { handshakeRate: 1e6, handshakeRatePerSource: 1e6 };
const dtls = new DtlsPort(udp, { name: 'bench', credentials, limits }, { ...around, ...(await keeping()) });
await dtls.start((data, peer) => peer.send(data));
process.send?.(udp.port);
process.on('disconnect', () => process.exit());
process.on('message', (asked: ToServer) => {
  if (asked === 'collect garbage') {
    setFlagsFromString('--expose-gc');
    const collect: unknown = runInNewContext('gc');
    if (typeof collect === 'function') for (let times = 0; times < 2; times++) collect();
  }
  process.send?.(process.memoryUsage() satisfies ServerMemory);
});

async function keeping(): Promise<{ keeper?: PersistentSessions }> {
  if (storeFolder === '') return {};
  const store = new TableSessionStore(await LevelStore.open(storeFolder, silentLog), 'dtls');
  // The same after a restart, and of no worth to anybody.
  const key = Buffer.alloc(32, 1);
  return { keeper: new PersistentSessions({ store, key, ...around, random: randomBytes }) };
}
