import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { pskHex } from './dtls-support.js';
import { Application } from './lwm2m.js';
import { confFolder, freeUdpPort, type Gateway, installed, Running, startGateway } from './support.js';

// The whole gateway, with LwM2M devices over DTLS on one side and an MQTT application on the other.

const mosquitto = ['mosquitto_pub', 'mosquitto_sub'];

async function gatewayWithKeys(t: ExecutionContext): Promise<{ gateway: Gateway; port: number }> {
  const keys = join(confFolder(t), 'psk');
  writeFileSync(keys, `dev1:${pskHex}\nother:${pskHex}\n`);
  const port = await freeUdpPort();
  const lwm2m = [`lwm2m.bind.dtls.1 = 127.0.0.1:${port}`, `lwm2m.dtls.psk_file = ${keys}`];
  return { gateway: await startGateway(t, { lwm2m }), port };
}

async function managed(t: ExecutionContext, application: Application): Promise<void> {
  await application.registered();
  t.regex(await application.command('Read', { BaseName: '/3/0/0' }), /"Result":/);
  t.regex(await application.command('Discover', { BaseName: '/3/0' }), /<\/3\/0>/);
}

test('wakaama over DTLS is registered and managed from MQTT', async (t) => {
  if (!installed(t, 'lwm2mclient_tinydtls', ...mosquitto)) return;
  const { gateway, port } = await gatewayWithKeys(t);
  const application = await Application.of(t, gateway, 'dev1');
  const where = ['-4', '-h', '127.0.0.1', '-p', `${port}`, '-l', `${await freeUdpPort()}`];
  const device = new Running(t, 'lwm2mclient_tinydtls', [...where, '-n', 'dev1', '-i', 'dev1', '-s', pskHex]);
  await managed(t, application);
  await device.stop();
});

test('Anjay over DTLS is registered and managed from MQTT', async (t) => {
  if (!installed(t, 'anjay-demo', ...mosquitto)) return;
  const { gateway, port } = await gatewayWithKeys(t);
  const application = await Application.of(t, gateway, 'dev1');
  const identity = ['--identity-as-string', 'dev1', '--key', pskHex];
  const uri = ['-u', `coaps://127.0.0.1:${port}`, '--security-mode', 'psk'];
  const device = new Running(t, 'anjay-demo', ['-e', 'dev1', ...uri, ...identity]);
  await managed(t, application);
  await device.stop();
});

for (const cid of ['0', '6']) {
  test(`Leshan over DTLS with a connection id of ${cid} bytes is registered and managed from MQTT`, async (t) => {
    if (!installed(t, 'leshan-demo-client', ...mosquitto)) return;
    const { gateway, port } = await gatewayWithKeys(t);
    const application = await Application.of(t, gateway, 'dev1');
    const key = ['-i', 'dev1', '-p', pskHex, '-cid', cid];
    const device = new Running(t, 'leshan-demo-client', ['-n', 'dev1', '-u', `coaps://127.0.0.1:${port}`, ...key], {
      cwd: confFolder(t),
    });
    await managed(t, application);
    await device.stop();
  });
}

test('an endpoint name that is not the identity’s is refused', async (t) => {
  if (!installed(t, 'lwm2mclient_tinydtls', ...mosquitto)) return;
  const { gateway, port } = await gatewayWithKeys(t);
  const application = await Application.of(t, gateway, 'dev1');
  const where = ['-4', '-h', '127.0.0.1', '-p', `${port}`, '-l', `${await freeUdpPort()}`];
  const device = new Running(t, 'lwm2mclient_tinydtls', [...where, '-n', 'dev1', '-i', 'other', '-s', pskHex]);
  await gateway.waitFor(/a registration was refused: the endpoint name is not that of the proven identity/);
  await t.throwsAsync(application.registered(1000));
  await device.stop();
});

test('a gateway that was killed goes on with its devices, without a handshake', async (t) => {
  if (!installed(t, 'leshan-demo-client', ...mosquitto)) return;
  const keys = join(confFolder(t), 'psk');
  const data = confFolder(t);
  writeFileSync(keys, `dev1:${pskHex}\n`);
  const port = await freeUdpPort();
  const settings = {
    isthmus: [`store.dir = ${data}`, 'log.level = debug'],
    lwm2m: [`lwm2m.bind.dtls.1 = 127.0.0.1:${port}`, `lwm2m.dtls.psk_file = ${keys}`],
  };
  const first = await startGateway(t, settings);
  const before = await Application.of(t, first, 'dev1');
  const where = ['-n', 'dev1', '-u', `coaps://127.0.0.1:${port}`, '-i', 'dev1', '-p', pskHex, '-cid', '6'];
  const device = new Running(t, 'leshan-demo-client', where, { cwd: confFolder(t) });
  await managed(t, before);
  // Long enough for what the device has said to be written.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  await first.kill();
  const second = await startGateway(t, settings);
  const after = await Application.of(t, second, 'dev1');
  device.write('update\n');
  // Known or not, the device is heard and answered: if its update is not taken, it registers anew on the same session.
  await second.waitFor(/"part":"lwm2m".*dev1/).catch(() => undefined);
  t.regex(await after.command('Read', { BaseName: '/3/0/0' }), /"Result":/);
  t.notRegex(second.log, /DTLS session begins/);
  t.regex(first.log, /DTLS session begins/);
  await device.stop();
});

/** CONNECT of MQTT-SN with this client id, clean session, a minute of keep alive. */
function connect(clientId: string): string {
  return `${String.fromCharCode(6 + clientId.length)}\x04\x04\x01\x00\x3c${clientId}`;
}

test('MQTT-SN over DTLS: a client is let in by the name of its identity, and by no other', async (t) => {
  if (!installed(t, 'openssl')) return;
  const keys = join(confFolder(t), 'psk');
  writeFileSync(keys, `dev1:${pskHex}\n`);
  const port = await freeUdpPort();
  await startGateway(t, { sn: [`mqtt.sn.bind.dtls.1 = 127.0.0.1:${port}`, `mqtt.sn.dtls.psk_file = ${keys}`] });
  const where = ['-dtls1_2', '-connect', `127.0.0.1:${port}`, '-psk_identity', 'dev1', '-psk', pskHex];
  for (const [clientId, accepted] of [
    ['dev1', true],
    ['other', false],
  ] as const) {
    const client = new Running(t, 'openssl', ['s_client', ...where, '-cipher', 'PSK', '-quiet']);
    await new Promise((resolve) => setTimeout(resolve, 500));
    client.write(connect(clientId));
    // CONNACK: length 3, type 5, return code.
    const answers = { accepted: '\x03\x05\x00', refused: '\x03\x05\x03' };
    t.truthy(await client.waitFor(accepted ? answers.accepted : answers.refused));
    await client.stop();
  }
});
