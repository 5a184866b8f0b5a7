import test from 'ava';
import { installed, listen, publish, Running, startGateway } from './support.js';

const tools = ['mosquitto_pub', 'mosquitto_sub'];

test('mosquitto_pub reaches mosquitto_sub with each QoS', async (t) => {
  if (!installed(t, ...tools)) return;
  const gateway = await startGateway(t);
  const subscriber = await listen(t, gateway, 'house/#');
  for (const qos of ['0', '1', '2']) {
    await publish(t, gateway, 'house/hall', `with ${qos}`, '-q', qos);
    await subscriber.waitFor(`got house/hall ${qos} 0 with ${qos}\n`);
  }
  t.pass();
});

test('a retained message waits for its subscriber', async (t) => {
  if (!installed(t, ...tools)) return;
  const gateway = await startGateway(t);
  await publish(t, gateway, 'house/door', 'shut', '-r', '-q', '1');
  const subscriber = await listen(t, gateway, 'house/#');
  await subscriber.waitFor('got house/door 1 1 shut\n');
  t.pass();
});

test('a persistent session keeps what is published while its client is away', async (t) => {
  if (!installed(t, ...tools)) return;
  const gateway = await startGateway(t);
  const args = [
    '-h',
    '127.0.0.1',
    '-p',
    `${gateway.mqttPort}`,
    '-d',
    '-i',
    'keeper',
    '-c',
    '-q',
    '1',
    '-t',
    'house/mail',
  ];
  const first = new Running(t, 'mosquitto_sub', args);
  await first.waitFor(/Subscribed/);
  await first.stop();
  await publish(t, gateway, 'house/mail', 'a letter', '-q', '1');
  const second = new Running(t, 'mosquitto_sub', args);
  await second.waitFor(/^a letter$/m);
  t.pass();
});

test('a will is published when its client is lost', async (t) => {
  if (!installed(t, ...tools)) return;
  const gateway = await startGateway(t);
  const subscriber = await listen(t, gateway, 'house/lost');
  const will = ['--will-topic', 'house/lost', '--will-payload', 'gone', '--will-qos', '1'];
  const args = ['-h', '127.0.0.1', '-p', `${gateway.mqttPort}`, '-d', '-t', 'house/x', ...will];
  const lost = new Running(t, 'mosquitto_sub', args);
  await lost.waitFor(/Subscribed/);
  await lost.stop('SIGKILL');
  await subscriber.waitFor('got house/lost 1 0 gone\n');
  t.pass();
});
