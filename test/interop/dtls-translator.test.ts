import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { UdpRelay } from '../support/udp-relay.js';
import { pskHex } from './dtls-support.js';
import { Application } from './lwm2m.js';
import { confFolder, freeUdpPort, type Gateway, installed, Running, startGateway } from './support.js';

// Real devices behind an address translator that gives them another port in the middle of their sessions.

const mosquitto = ['mosquitto_pub', 'mosquitto_sub'];

async function behindRelay(t: ExecutionContext, lwm2m: readonly string[] = []) {
  const keys = join(confFolder(t), 'psk');
  writeFileSync(keys, `dev1:${pskHex}\n`);
  const port = await freeUdpPort();
  const gateway: Gateway = await startGateway(t, {
    isthmus: ['log.level = debug'],
    lwm2m: [`lwm2m.bind.dtls.1 = 127.0.0.1:${port}`, `lwm2m.dtls.psk_file = ${keys}`, ...lwm2m],
  });
  const relay = await UdpRelay.before(t, port);
  return { gateway, relay, application: await Application.of(t, gateway, 'dev1') };
}

function handshakes({ log }: Gateway): number {
  return [...log.matchAll(/DTLS session begins/g)].length;
}

test('Leshan with connection ids: notifications and queued commands go on without a handshake', async (t) => {
  if (!installed(t, 'leshan-demo-client', ...mosquitto)) return;
  t.timeout(120_000);
  const { gateway, relay, application } = await behindRelay(t, ['lwm2m.qmode_time_window = 1s']);
  const key = ['-i', 'dev1', '-p', pskHex, '-cid', '6', '-q', '-cp', '15'];
  const device = new Running(t, 'leshan-demo-client', ['-n', 'dev1', '-u', `coaps://127.0.0.1:${relay.port}`, ...key], {
    cwd: confFolder(t),
  });
  await application.registered(40_000);
  const observe = await application.send('Observe', { BaseName: '/3/0/13' });
  await application.answer(observe, 'Observe', 2);
  await application.told('asleep');
  await relay.move();
  const read = await application.send('Read', { BaseName: '/3/0/0' });
  t.regex(await application.answer(read, 'Read'), /Leshan Demo Device/);
  await relay.move();
  await application.answer(observe, 'Observe', 5);
  t.is(handshakes(gateway), 1);
  await device.stop();
});

test('wakaama without connection ids: its next handshake takes over', async (t) => {
  if (!installed(t, 'lwm2mclient_tinydtls', ...mosquitto)) return;
  t.timeout(120_000);
  const { gateway, relay, application } = await behindRelay(t);
  const where = ['-4', '-h', '127.0.0.1', '-p', `${relay.port}`, '-l', `${await freeUdpPort()}`];
  const device = new Running(t, 'lwm2mclient_tinydtls', [...where, '-n', 'dev1', '-i', 'dev1', '-s', pskHex]);
  await application.registered();
  t.regex(await application.command('Read', { BaseName: '/3/0/0' }), /Open Mobile Alliance/);
  await relay.move();
  // Its rule: after 40 seconds of silence its address may have changed, so it makes a new handshake before it sends.
  await new Promise((resolve) => setTimeout(resolve, 42_000));
  device.write('update 0\n');
  await gateway.waitFor(/DTLS session begins[^]*DTLS session begins/);
  // It sends its update two seconds later, when it repeats what the handshake kept it from sending.
  await new Promise((resolve) => setTimeout(resolve, 4000));
  t.regex(await application.command('Read', { BaseName: '/3/0/0' }), /Open Mobile Alliance/);
  t.is(handshakes(gateway), 2);
  t.notRegex(gateway.log, /"anew":true|deregister/);
  await device.stop();
});
