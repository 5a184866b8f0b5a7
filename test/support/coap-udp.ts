import type { ExecutionContext } from 'ava';
import { Endpoint } from '#src/coap/endpoint.js';
import type { EndpointOptions } from '#src/coap/parameters.js';
import type { RequestHandler } from '#src/coap/types.js';
import { systemClock } from '#src/core/clock.js';
import type { Peer } from '#src/core/datagram.js';
import { silentLog } from '#src/core/log.js';
import { Metrics } from '#src/core/metrics.js';
import { UdpPort } from '#src/net/udp.js';

/** An endpoint on a free UDP port of 127.0.0.1, stopped with the test. */
export async function udpEndpoint(
  t: ExecutionContext,
  handler: RequestHandler,
  options?: EndpointOptions,
): Promise<{ endpoint: Endpoint; port: number; peer: (port: number) => Peer }> {
  const metrics = new Metrics();
  const udp = new UdpPort({ host: '127.0.0.1', port: 0 }, silentLog, metrics);
  const endpoint = new Endpoint({ port: udp, clock: systemClock, log: silentLog, metrics }, options);
  await endpoint.start(handler);
  t.teardown(() => endpoint.stop());
  return { endpoint, port: udp.port, peer: (port) => udp.peer('127.0.0.1', port) };
}
