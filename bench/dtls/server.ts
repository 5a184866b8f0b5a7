// The DTLS server of Isthmus with nothing above it but an echo, on a port that it tells its parent.
import { readFileSync } from 'node:fs';
import { systemClock } from '#src/core/clock.js';
import { silentLog } from '#src/core/log.js';
import { Metrics } from '#src/core/metrics.js';
import { DtlsPort } from '#src/dtls/server.js';
import { UdpPort } from '#src/net/udp.js';
import { sharedKey } from './client.js';

const [, , keyFile = '', certificateFile = ''] = process.argv;
const around = { clock: systemClock, log: silentLog, metrics: new Metrics() };
const udp = new UdpPort({ host: '127.0.0.1', port: 0, receiveBuffer: 1 << 20 }, around.log, around.metrics);
const credentials = {
  psk: { lookup: () => ({ key: sharedKey.key }) },
  key: readFileSync(keyFile, 'utf8'),
  certificate: readFileSync(certificateFile, 'utf8'),
};
// All clients of the load have one address: the limits for one source are not what is measured.
const limits = { handshakeRate: 1e6, handshakeRatePerSource: 1e6 };
const dtls = new DtlsPort(udp, { name: 'bench', credentials, limits }, around);
await dtls.start((data, peer) => peer.send(data));
process.send?.(udp.port);
process.on('disconnect', () => process.exit());
