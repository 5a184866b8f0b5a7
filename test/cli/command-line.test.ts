import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { etcDir } from '../config/etc-dir.js';

const main = join(import.meta.dirname, '..', '..', '..', 'dist', 'main.js');

function run(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [main, ...args], { env: { PATH: process.env.PATH, ...env } });
}

async function finished(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (data: Buffer) => {
    stdout += data.toString();
  });
  child.stderr?.on('data', (data: Buffer) => {
    stderr += data.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

const bad = { 'emqx_sn.conf': '\nmqtt.sn.gateway_id = 300\nmqtt.sn.idle_timeout = soon' };

test('help and version, 0', async (t) => {
  const [help, none, version, one] = await Promise.all(
    [['--help'], [], ['--version'], ['help', 'check']].map((args) => finished(run(args))),
  );
  t.regex(help?.stdout ?? '', /start .*\n.*check/);
  t.is(none?.stdout, help?.stdout);
  t.regex(version?.stdout ?? '', /^\d+\.\d+\.\d+\n$/);
  t.regex(one?.stdout ?? '', /isthmus check \[--etc DIR\] \[--health\]/);
  t.deepEqual([help?.code, none?.code, version?.code, one?.code], [0, 0, 0, 0]);
});

test('a wrong command line, 64', async (t) => {
  const [command, option] = await Promise.all([finished(run(['strat'])), finished(run(['start', '--ect', 'x']))]);
  t.is(command?.code, 64);
  t.regex(command?.stderr ?? '', /unknown command strat; did you mean start\?/);
  t.is(option?.code, 64);
  t.regex(option?.stderr ?? '', /unknown option --ect; did you mean --etc\?/);
});

for (const command of ['start', 'check']) {
  test(`${command} with a wrong configuration: every error, 78`, async (t) => {
    const etc = etcDir(t, bad);
    const { code, stdout, stderr } = await finished(run([command, '--etc', etc], { ISTHMUS_LOG__LEVEL: 'loud' }));
    t.is(code, 78);
    t.is(stdout, '');
    t.is(stderr.trim().split('\n').length, 3);
    t.true(stderr.includes(`${etc}/emqx_sn.conf:2: mqtt.sn.gateway_id = 300: allowed is 0..255\n`));
    t.regex(stderr, /ISTHMUS_LOG__LEVEL: log\.level = loud/);
  });
}

test('errors in the files of users and rights are told with all others, 78', async (t) => {
  const etc = etcDir(t, {
    'isthmus.conf': 'broker.password_file = etc/passwd\nbroker.acl_file = etc/acl\nlog.level = loud',
    passwd: '# users\nann:geheim\n',
    acl: 'topic read a/#\ntopik b\npattern read a/%c-x\n',
  });
  for (const command of ['start', 'check']) {
    const { code, stdout, stderr } = await finished(run([command, '--etc', etc]));
    t.is(code, 78);
    t.is(stdout, '');
    t.deepEqual(
      stderr
        .trim()
        .split('\n')
        .map((line) => line.replace(`error: ${etc}/`, '').replace(/: .*/, '')),
      ['isthmus.conf:3', 'passwd:2', 'acl:2', 'acl:3'],
    );
    t.notRegex(stderr, /geheim/);
  }
});

test('a folder that was named and is not there, 78', async (t) => {
  const { code, stderr } = await finished(run(['check', '--etc', '/nowhere/etc']));
  t.is(code, 78);
  t.is(stderr, 'error: /nowhere/etc: there is no such folder\n');
});

test('check prints what holds, secrets masked, as a file that can be read', async (t) => {
  const etc = etcDir(t, {
    'isthmus.conf': 'broker.url = mqtt://me:geheim@host',
    'emqx_sn.conf':
      'mqtt.sn.username = u\nmqtt.sn.password = geheim\nmqtt.sn.auth.a.username = x\nmqtt.sn.gatewayid = 1',
  });
  const { code, stdout, stderr } = await finished(run(['check', '--etc', etc]));
  t.is(code, 0);
  t.regex(stderr, /^warning: .*unknown key mqtt\.sn\.gatewayid; the nearest is mqtt\.sn\.gateway_id$/m);
  t.notRegex(stdout + stderr, /geheim/);
  t.true(stdout.includes('mqtt.sn.gateway_id = 1\n'));
  t.true(stdout.includes(`mqtt.sn.auth.a.username = x  ## ${etc}/emqx_sn.conf:3\n`));
  t.true(stdout.includes('broker.url = mqtt://***@host'));
  const again = await finished(run(['check', '--etc', etcDir(t, { 'isthmus.conf': stdout })]));
  t.is(again.code, 0);
  const settings = (text: string): string[] => text.split('\n').map((line) => line.replace(/ {2}##.*/, ''));
  t.deepEqual(settings(again.stdout), settings(stdout));
});

const anyPort = {
  ISTHMUS_BROKER__LISTENER__TCP: '127.0.0.1:0',
  ISTHMUS_MQTT__SN__PORT: '127.0.0.1:0',
  ISTHMUS_LWM2M__PORT: '127.0.0.1:0',
  ISTHMUS_ADMIN__LISTENER: 'off',
};

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`start runs until ${signal} and ends with 0`, async (t) => {
    const child = run(['start', '--etc', etcDir(t, { 'emqx_sn.conf': 'mqtt.sn.forwarde = any' })], anyPort);
    const end = finished(child);
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    setTimeout(() => child.kill(signal), 500);
    const { code, stdout, stderr } = await end;
    t.is(code, 0, stderr);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { level: string; msg: string });
    t.like(lines[0], { level: 'warn' });
    t.regex(lines[0]?.msg ?? '', /unknown key mqtt\.sn\.forwarde/);
    t.is(lines.at(-1)?.msg, 'stopped');
  });
}

test('check --health asks the running gateway: 0 when all answer, 69 when one does not', async (t) => {
  const sn = createSocket('udp4', (datagram, from) => {
    if (datagram.equals(Buffer.from([3, 1, 0]))) sn.send(Buffer.from([3, 2, 1]), from.port, from.address);
  });
  const coap = createSocket('udp6', (datagram, from) => {
    const reset = Buffer.concat([Buffer.from([0x70, 0]), datagram.subarray(2)]);
    if (datagram.length === 4 && datagram[0] === 0x40) coap.send(reset, from.port, from.address);
  });
  const mqtt = createServer((socket) => socket.end());
  t.teardown(() => {
    coap.close();
    mqtt.close();
  });
  sn.bind(0, '127.0.0.1');
  coap.bind(0, '::1');
  mqtt.listen(0, '127.0.0.1');
  await Promise.all([once(sn, 'listening'), once(coap, 'listening'), once(mqtt, 'listening')]);
  const mqttPort = (mqtt.address() as { port: number }).port;
  const etc = etcDir(t, {});
  const env = {
    ISTHMUS_MQTT__SN__PORT: `${sn.address().port}`,
    ISTHMUS_LWM2M__PORT: `[::]:${coap.address().port}`,
    ISTHMUS_BROKER__LISTENER__TCP: `127.0.0.1:${mqttPort}`,
  };
  const up = await finished(run(['check', '--health', '--etc', etc], env));
  t.is(up.code, 0, up.stdout);
  t.is(up.stdout.match(/: answers\n/g)?.length, 3);
  sn.close();
  const down = await finished(run(['check', '--health', '--etc', etc], env));
  t.is(down.code, 69);
  t.regex(down.stdout, /mqtt-sn udp 0\.0\.0\.0:\d+: no answer/);
});
