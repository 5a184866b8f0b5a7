import test, { type ExecutionContext } from 'ava';
import { Application } from './lwm2m.js';
import { type Gateway, installed, Running, startGateway } from './support.js';

const needed = ['anjay-demo', 'mosquitto_pub', 'mosquitto_sub'];

function device(t: ExecutionContext, gateway: Gateway, endpoint: string, ...args: string[]): Running {
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
