import test, { type ExecutionContext } from 'ava';
import { Application } from './lwm2m.js';
import { freeUdpPort, type Gateway, installed, Running, startGateway } from './support.js';

const needed = ['lwm2mclient', 'mosquitto_pub', 'mosquitto_sub'];

async function device(t: ExecutionContext, gateway: Gateway, endpoint: string, ...args: string[]): Promise<Running> {
  const local = await freeUdpPort();
  const where = ['-4', '-h', '127.0.0.1', '-p', `${gateway.coapPort}`, '-l', `${local}`];
  return new Running(t, 'lwm2mclient', [...where, '-n', endpoint, ...args]);
}

test('wakaama registers, is managed, observed, and deregisters', async (t) => {
  if (!installed(t, ...needed)) return;
  const gateway = await startGateway(t);
  const application = await Application.of(t, gateway, 'waka-1');
  const client = await device(t, gateway, 'waka-1', '-t', '120');
  const registered = await application.registered();
  t.is(registered.lt, 120);
  t.true(registered.objectList.includes('/3/0'), registered.objectList.join(' '));

  t.is(
    await application.command('Read', { BaseName: '/3/0/0' }),
    '"Result":{"bn":"/3/0/0","e":[{"sv":"Open Mobile Alliance"}]}',
  );
  const whole = await application.command('Read', { BaseName: '/3/0' });
  t.regex(
    whole,
    /^"Result":\{"bn":"\/3\/0","e":\[\{"n":"0","sv":"Open Mobile Alliance"\},\{"n":"1","sv":"Lightweight M2M Client"\}/,
  );
  t.regex(whole, /\{"n":"6\/0","v":1\},\{"n":"6\/1","v":5\}/);
  t.regex(whole, /\{"n":"9","v":100\}/);

  t.is(await application.command('Write', { Value: { bn: '/3/0/14', e: [{ sv: '+07:00' }] } }), '"Result":"Changed"');
  t.is(await application.command('Read', { BaseName: '/3/0/14' }), '"Result":{"bn":"/3/0/14","e":[{"sv":"+07:00"}]}');

  const links = await application.command('Discover', { BaseName: '/3/0' });
  t.regex(links, /^"Result":"<\/3\/0>,<\/3\/0\/0>,/);

  const observe = await application.send('Observe', { BaseName: '/3/0/13' });
  t.regex(await application.answer(observe, 'Observe'), /^"Result":\{"bn":"\/3\/0\/13","e":\[\{"v":\d+\}\]\}$/);
  client.write('change /3/0/13 1367491215\n');
  t.regex(
    await application.answer(observe, 'Observe', 2),
    /^"Result":\{"bn":"\/3\/0\/13","e":\[\{"v":136749121\d\}\]\}$/,
  );

  t.is(await application.command('Execute', { BaseName: '/3/0/5' }), '"Result":"Changed"');
  await client.waitFor('FACTORY RESET');
  t.is(await application.command('Read', { BaseName: '/3/0/99' }), '"Error":"Not Found"');
  t.is(await application.command('Execute', { BaseName: '/3/0/4' }), '"Result":"Changed"');
  await client.waitFor('REBOOT');
});

test('wakaama sends its updates', async (t) => {
  if (!installed(t, ...needed)) return;
  const gateway = await startGateway(t);
  const application = await Application.of(t, gateway, 'waka-2');
  const client = await device(t, gateway, 'waka-2', '-t', '60');
  const registered = await application.registered();
  t.true(
    registered.objectList.some((path) => path.startsWith('/31024')),
    registered.objectList.join(' '),
  );
  client.write('rm\n');
  const updated = await application.told('update');
  t.false(
    updated.objectList.some((path) => path.startsWith('/31024')),
    updated.objectList.join(' '),
  );
  t.regex(await application.command('Read', { BaseName: '/3/0/1' }), /Lightweight M2M Client/);
});

test('wakaama with small blocks', async (t) => {
  if (!installed(t, ...needed)) return;
  const gateway = await startGateway(t);
  const application = await Application.of(t, gateway, 'waka-3');
  await device(t, gateway, 'waka-3', '-S', '64');
  await application.registered();
  t.regex(await application.command('Read', { BaseName: '/3/0' }), /\{"n":"16","sv":"U"\}\]\}$/);
});

test('a command to a device that has gone is answered', async (t) => {
  if (!installed(t, ...needed)) return;
  const gateway = await startGateway(t);
  const application = await Application.of(t, gateway, 'waka-4');
  const client = await device(t, gateway, 'waka-4');
  await application.registered();
  client.write('quit\n');
  await client.ended;
  t.regex(await application.command('Read', { BaseName: '/3/0/0' }), /^"Error":/);
});
