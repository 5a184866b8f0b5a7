import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { freeTcpPort } from '../support/free-port.js';
import { selfSigned } from '../support/mqtt-certificate.js';
import { SnClient } from '../support/sn-client.js';
import {
  confFolder,
  type Gateway,
  installed,
  listen,
  mainFile,
  publish,
  Running,
  run,
  startGateway,
} from './support.js';

const tools = ['mosquitto_pub', 'mosquitto_sub'];
const examples = join(import.meta.dirname, '..', '..', '..', 'etc', 'examples');

/** mosquitto_sub with these arguments, once it is subscribed; each message becomes a line `got TOPIC QOS RETAIN PAYLOAD`. */
async function subscribed(t: ExecutionContext, port: number, ...args: string[]): Promise<Running> {
  const common = ['-h', '127.0.0.1', '-p', `${port}`, '-d', '-F', 'got %t %q %r %p'];
  const subscriber = new Running(t, 'mosquitto_sub', [...common, ...args]);
  await subscriber.waitFor(/Subscribed \(mid: \d+\)/);
  return subscriber;
}

/** A password file made by the program itself, as its users make it. */
async function withUsers(t: ExecutionContext, users: Readonly<Record<string, string>>): Promise<string> {
  const file = join(confFolder(t), 'passwd');
  for (const [user, password] of Object.entries(users)) {
    const { code, output } = await run(t, process.execPath, [mainFile, 'passwd', file, user], `${password}\n`);
    t.is(code, 0, output);
  }
  return file;
}

test('an OpenWRT access point with mosquitto_sub and mosquitto_pub, and a sensor', async (t) => {
  if (!installed(t, ...tools)) return;
  const gateway = await startGateway(t);
  const subscriber = await listen(t, gateway, 'mqtt');
  await publish(t, gateway, 'mqtt', 'hello');
  await subscriber.waitFor('got mqtt 0 0 hello\n');
  for (const qos of ['1', '2']) {
    await publish(t, gateway, 'mqtt', `hello ${qos}`, '-q', qos);
    await subscriber.waitFor(`got mqtt ${qos} 0 hello ${qos}\n`);
  }
  const sensor = await SnClient.connect(gateway.snPort, 'sensor');
  t.teardown(() => sensor.close());
  await sensor.subscribe('mqtt', 1);
  await sensor.publish('mqtt', 'from the sensor', 1);
  await subscriber.waitFor('got mqtt 1 0 from the sensor\n');
  await publish(t, gateway, 'mqtt', 'kept', '-r', '-q', '1');
  t.deepEqual((await sensor.messages(2))[1], 'mqtt 1 kept');
  await (await listen(t, gateway, 'mqtt')).waitFor('got mqtt 1 1 kept\n');
  const empty = ['-h', '127.0.0.1', '-p', `${gateway.mqttPort}`, '-t', 'mqtt', '-r', '-n', '-q', '1'];
  t.is((await run(t, 'mosquitto_pub', empty)).code, 0);
  const late = await listen(t, gateway, 'mqtt');
  await publish(t, gateway, 'mqtt', 'now', '-q', '1');
  await late.waitFor('got mqtt 1 0 now\n');
  t.notRegex(late.output, /kept/);
});

const imei = '866834040001234';

for (const version of ['mqttv31', 'mqttv311']) {
  for (const secure of [false, true]) {
    test(`a Quectel modem's session: ${version}${secure ? ', TLS without a client certificate' : ''}`, async (t) => {
      if (!installed(t, ...tools, 'openssl')) return;
      const { key, cert } = selfSigned();
      const folder = confFolder(t);
      const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
      writeFileSync(keyFile, key);
      writeFileSync(certFile, cert);
      const tlsPort = await freeTcpPort();
      const gateway: Gateway = await startGateway(t, {
        isthmus: [
          'broker.allow_anonymous = false',
          `broker.password_file = ${await withUsers(t, { DDTM: 'geheim' })}`,
          `broker.listener.tls = 127.0.0.1:${tlsPort}`,
          `broker.tls.certfile = ${certFile}`,
          `broker.tls.keyfile = ${keyFile}`,
        ],
      });
      const login = ['-u', 'DDTM', '-P', 'geheim', '-q', '1'];
      const port = secure ? tlsPort : gateway.mqttPort;
      const way = [...login, '-V', version, ...(secure ? ['--cafile', certFile] : [])];
      const application = await subscribed(t, gateway.mqttPort, ...login, '-t', 'DDTM/#');
      const will = ['--will-topic', `DDTM/LWT/${imei}`, '--will-payload', 'offline', '--will-qos', '1'];
      const modem = [...way, '-i', imei, '-k', '90', ...will, '-t', `DDTM/RPC/${imei}`];
      const leaving = await subscribed(t, port, ...modem);
      await leaving.stop();
      const device = await subscribed(t, port, ...modem);
      const report = '{"rssi":21}';
      const up = ['-h', '127.0.0.1', '-p', `${port}`, ...way, '-t', `DDTM/UP/${imei}`, '-m', report];
      t.is((await run(t, 'mosquitto_pub', up)).code, 0);
      await application.waitFor(`got DDTM/UP/${imei} 1 0 ${report}\n`);
      await publish(t, gateway, `DDTM/RPC/${imei}`, 'reboot', ...login);
      await device.waitFor(`got DDTM/RPC/${imei} 1 0 reboot\n`);
      t.notRegex(application.output, /LWT/);
      await device.stop('SIGKILL');
      await application.waitFor(`got DDTM/LWT/${imei} 1 0 offline\n`);
      const wrong = await run(t, 'mosquitto_pub', [...up, '-P', 'wrong']);
      t.not(wrong.code, 0);
    });
  }
}

test('MediaTek Cloud Sandbox: each device within its own rights, firmware to the wildcard subscriber', async (t) => {
  if (!installed(t, ...tools)) return;
  const [first, second, cloud] = [0, 1, 2].map(() => randomBytes(8).toString('hex')) as [string, string, string];
  const passwords = await withUsers(t, { DAbc: first, DXyz: second, mcs: cloud });
  const acl = join(confFolder(t), 'acl');
  writeFileSync(acl, readFileSync(join(examples, 'mcs.acl')));
  const gateway = await startGateway(t, {
    isthmus: ['broker.allow_anonymous = false', `broker.password_file = ${passwords}`, `broker.acl_file = ${acl}`],
  });
  const as = (user: string, password: string, id: string): string[] => [
    '-u',
    user,
    '-P',
    password,
    '-i',
    id,
    '-q',
    '1',
  ];
  const application = await subscribed(t, gateway.mqttPort, ...as('mcs', cloud, 'cloud'), '-t', 'mcs/#');
  const device = await subscribed(t, gateway.mqttPort, ...as('DAbc', first, 'key1'), '-t', 'mcs/DAbc/key1/+');
  const other = await subscribed(t, gateway.mqttPort, ...as('DXyz', second, 'key2'), '-t', 'mcs/+/+/+');
  await publish(t, gateway, 'mcs/DAbc/key1/switch', 'forged', ...as('DXyz', second, 'another'));
  const notice = '1459307476444,FOTA,v1.2,5d41402abc4b2a76b9719d911017c592,https://mcs.example.com/fw';
  const publisher = as('mcs', cloud, 'publisher');
  await publish(t, gateway, 'mcs/DAbc/key1/FOTA', notice, ...publisher);
  await device.waitFor(`got mcs/DAbc/key1/FOTA 1 0 ${notice}\n`);
  // A device has one connection: its next one is in the place of this.
  await device.stop();
  await publish(t, gateway, 'mcs/DAbc/key1/temperature', ',temperature,26.5', ...as('DAbc', first, 'key1'));
  await application.waitFor('got mcs/DAbc/key1/temperature 1 0 ,temperature,26.5\n');
  await publish(t, gateway, 'mcs/DXyz/key2/FOTA', notice, ...publisher);
  await other.waitFor(`got mcs/DXyz/key2/FOTA 1 0 ${notice}\n`);
  await application.waitFor(`got mcs/DXyz/key2/FOTA 1 0 ${notice}\n`);
  t.notRegex(application.output + other.output + device.output, /forged/);
  t.notRegex(other.output, /DAbc/);
});
