import test, { type ExecutionContext } from 'ava';
import { Endpoint } from '#src/coap/endpoint.js';
import { systemClock } from '#src/core/clock.js';
import type { Peer } from '#src/core/datagram.js';
import { silentLog } from '#src/core/log.js';
import { Metrics } from '#src/core/metrics.js';
import { writeJson } from '#src/lwm2m/dialects/json.js';
import { valueToJson } from '#src/lwm2m/dialects/values.js';
import { decode, encode } from '#src/lwm2m/formats/codec.js';
import { formatPath, type Path } from '#src/lwm2m/path.js';
import type { Entry } from '#src/lwm2m/values.js';
import { UdpPort } from '#src/net/udp.js';
import { shipped } from '../lwm2m/support/definitions.js';
import { Application } from './lwm2m.js';
import { type Gateway, installed, Running, startGateway } from './support.js';

const needed = ['anjay-demo', 'mosquitto_pub', 'mosquitto_sub'];

function device(t: ExecutionContext, gateway: Pick<Gateway, 'coapPort'>, endpoint: string, ...args: string[]): Running {
  const where = ['-s', 'nosec', '-u', `coap://127.0.0.1:${gateway.coapPort}`, '-l', '120'];
  return new Running(t, 'anjay-demo', ['-e', endpoint, ...where, ...args]);
}

for (const version of ['1.0', '1.1', '1.2']) {
  test(`Anjay with LwM2M up to ${version} registers, is managed and observed`, async (t) => {
    if (!installed(t, ...needed)) return;
    const gateway = await startGateway(t);
    const endpoint = `anjay-${version}`;
    const application = await Application.of(t, gateway, endpoint);
    device(t, gateway, endpoint, '-V', version);
    const registered = await application.registered();
    t.log(`registered with LwM2M ${registered.lwm2m}`);
    t.true(registered.objectList.includes('/3/0'), registered.objectList.join(' '));

    t.is(await application.command('Read', { BaseName: '/3/0/0' }), '"Result":{"bn":"/3/0/0","e":[{"sv":"anjay"}]}');
    t.regex(await application.command('Read', { BaseName: '/3/0' }), /\{"n":"0","sv":"anjay"\}/);
    t.is(await application.command('Write', { Value: { bn: '/3/0/14', e: [{ sv: '+07:00' }] } }), '"Result":"Changed"');
    t.is(await application.command('Read', { BaseName: '/3/0/14' }), '"Result":{"bn":"/3/0/14","e":[{"sv":"+07:00"}]}');
    t.regex(await application.command('Discover', { BaseName: '/3/0' }), /<\/3\/0\/0>/);
    t.is(
      await application.command('Write-Attributes', { BaseName: '/3/0/13', Value: 'pmin=0&pmax=1' }),
      '"Result":"Changed"',
    );
    // From LwM2M 1.1 on it sends SenML with the time of each value.
    const observe = await application.send('Observe', { BaseName: '/3/0/13' });
    for (const nth of [1, 2, 3]) {
      t.regex(
        await application.answer(observe, 'Observe', nth),
        /^"Result":\{"bn":"\/3\/0\/13","e":\[\{(?:"t":[\d.]+,)?"v":\d+\}\]\}$/,
      );
    }
  });
}

test('Anjay reads and writes LwM2M CBOR as the codec here does', async (t) => {
  if (!installed(t, 'anjay-demo')) return;
  const port = new UdpPort({ host: '127.0.0.1', port: 0 }, silentLog, new Metrics());
  const endpoint = new Endpoint({ port, clock: systemClock, log: silentLog, metrics: new Metrics() });
  t.teardown(() => endpoint.stop());
  const peers: Peer[] = [];
  await endpoint.start((_request, peer) => ({ code: '2.01', location: ['rd', 'x'], sent: () => peers.push(peer) }));
  const running = device(t, { coapPort: port.port }, 'anjay-cbor', '-V', '1.2');
  await running.waitFor('registration successful');
  const peer = peers[0] as Peer;
  const lookup = shipped.lookup(new Map(), '1.2');
  const read = async (...path: number[]) => {
    const response = await endpoint.request(peer, { method: 'GET', path: path.map(String), accept: 11544 });
    t.is(response.contentFormat, 11544);
    const entries = decode(11544, response.payload, path, lookup, { nowSeconds: 0 });
    if (entries instanceof Error) throw entries;
    return entries.map((entry) => `${formatPath(entry.path)} ${writeJson(valueToJson(entry.value))}`);
  };
  t.regex((await read(3, 0, 0))[0] ?? '', /^\/3\/0\/0 "anjay"$/i);
  const whole = await read(3, 0);
  t.true(whole.length > 10 && whole.some((line) => line.startsWith('/3/0/6/0 ')), whole.join('\n'));
  t.deepEqual(await read(3, 0, 11), ['/3/0/11/0 0']);

  const write = async (
    method: 'PUT' | 'POST' | 'iPATCH',
    base: Path,
    entries: readonly Entry[],
    removed: Path[] = [],
  ) => {
    const payload = encode(11544, base, entries, { removed });
    if (payload instanceof Error) return payload.message;
    const { code } = await endpoint.request(peer, { method, path: base.map(String), contentFormat: 11544, payload });
    return code;
  };
  const offset: Entry = { path: [3, 0, 14], type: 'String', value: '+07:00' };
  t.is(await write('PUT', [3, 0, 14], [offset]), '2.04');
  t.is(await write('POST', [3, 0], [{ ...offset, value: '+08:00' }]), '2.04');
  t.deepEqual(await read(3, 0, 14), ['/3/0/14 "+08:00"']);
  const numbers = [1, 2].map((id): Entry => ({ path: [33605, 3, 3, id], type: 'Integer', value: id }));
  t.is(await write('POST', [33605], [{ path: [33605, 3, 1], type: 'Integer', value: 7 }]), '2.01');
  t.is(await write('PUT', [33605, 3, 3], numbers), '2.04');
  t.is(await write('iPATCH', [], [offset], [[33605, 3, 3, 1]]), '2.04');
  t.deepEqual(await read(33605, 3, 3), ['/33605/3/3/2 2']);
});
