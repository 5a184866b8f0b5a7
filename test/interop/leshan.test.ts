import test from 'ava';
import { confFolder } from '../support/gateway-process.js';
import { Application } from './lwm2m.js';
import { installed, Running, startGateway } from './support.js';

const startsWithinMs = 40_000;

test("Leshan's demo client registers, is managed and observed", async (t) => {
  if (!installed(t, 'leshan-demo-client', 'mosquitto_pub', 'mosquitto_sub')) return;
  t.timeout(120_000);
  const gateway = await startGateway(t);
  const application = await Application.of(t, gateway, 'leshan-1');
  const args = ['-u', `coap://127.0.0.1:${gateway.coapPort}`, '-n', 'leshan-1', '-lh', '127.0.0.1', '-l', '120'];
  const client = new Running(t, 'leshan-demo-client', args, { cwd: confFolder(t) });
  const registered = await application.registered(startsWithinMs);
  t.true(registered.objectList.includes('/3/0'), registered.objectList.join(' '));

  t.is(
    await application.command('Read', { BaseName: '/3/0/0' }),
    '"Result":{"bn":"/3/0/0","e":[{"sv":"Leshan Demo Device"}]}',
  );
  t.regex(await application.command('Read', { BaseName: '/3/0' }), /\{"n":"1","sv":"Model 500"\}/);
  t.is(await application.command('Write', { Value: { bn: '/3/0/14', e: [{ sv: '+07:00' }] } }), '"Result":"Changed"');
  t.is(await application.command('Read', { BaseName: '/3/0/14' }), '"Result":{"bn":"/3/0/14","e":[{"sv":"+07:00"}]}');
  t.regex(await application.command('Discover', { BaseName: '/3/0' }), /<\/3\/0\/0>/);
  const observe = await application.send('Observe', { BaseName: '/3/0/13' });
  for (const nth of [1, 2]) {
    t.regex(await application.answer(observe, 'Observe', nth), /^"Result":\{"bn":"\/3\/0\/13","e":\[\{"v":\d+\}\]\}$/);
  }
  // It reboots by registering anew.
  t.is(await application.command('Execute', { BaseName: '/3/0/4' }), '"Result":"Changed"');
  await application.told('deregister');
  await client.stop();
});
