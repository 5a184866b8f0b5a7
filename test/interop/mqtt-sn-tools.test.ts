import test, { type ExecutionContext } from 'ava';
import { type Gateway, installed, listen, publish, Running, run, startGateway } from './support.js';

const needed = ['mqtt-sn-pub', 'mqtt-sn-sub', 'mosquitto_pub', 'mosquitto_sub'];

/** mqtt-sn-pub to its end. It exits with 0 whatever the gateway answers, so tests look at the other side. */
async function snPub(t: ExecutionContext, gateway: Gateway, ...args: string[]): Promise<void> {
  const { code, output } = await run(t, 'mqtt-sn-pub', ['-h', '127.0.0.1', '-p', `${gateway.snPort}`, ...args]);
  t.is(code, 0, output);
}

/** mqtt-sn-sub once it is subscribed to everything it was asked to; each message becomes a line `topic: payload`. */
async function snSub(t: ExecutionContext, gateway: Gateway, ...args: string[]): Promise<Running> {
  const where = ['-h', '127.0.0.1', '-p', `${gateway.snPort}`, '-v', '-d', '-k', '60'];
  const subscriber = new Running(t, 'mqtt-sn-sub', [...where, ...args]);
  const filters = args.filter((arg) => arg === '-t' || arg === '-T').length;
  await subscriber.waitFor(new RegExp(`(?:SUBACK topic id[^]*?){${filters}}`));
  return subscriber;
}

const predefined = ['mqtt.sn.predefined.topic.7 = sensors/seven'];

for (const qos of ['0', '1']) {
  test(`mqtt-sn-pub QoS ${qos}: normal, short and predefined topics`, async (t) => {
    if (!installed(t, ...needed)) return;
    const gateway = await startGateway(t, { sn: predefined });
    const subscriber = await listen(t, gateway, '#');
    await snPub(t, gateway, '-q', qos, '-t', 'sensors/a/temperature', '-m', 'normal 21.5');
    await subscriber.waitFor(`got sensors/a/temperature ${qos} 0 normal 21.5\n`);
    await snPub(t, gateway, '-q', qos, '-t', 'ab', '-m', 'short 21.5');
    await subscriber.waitFor(`got ab ${qos} 0 short 21.5\n`);
    await snPub(t, gateway, '-q', qos, '-T', '7', '-m', 'predefined 21.5');
    await subscriber.waitFor(`got sensors/seven ${qos} 0 predefined 21.5\n`);
  });

  test(`mqtt-sn-sub QoS ${qos}: normal, short and predefined topics, wildcards`, async (t) => {
    if (!installed(t, ...needed)) return;
    const gateway = await startGateway(t, { sn: predefined });
    const filters = ['-t', 'room/one', '-t', 'cd', '-T', '7', '-t', 'hall/#', '-t', 'roof/+/wind'];
    const subscriber = await snSub(t, gateway, '-q', qos, ...filters);
    const topics = ['room/one', 'cd', 'sensors/seven', 'hall/lamp/1', 'hall', 'roof/north/wind', 'hall/lamp/2'];
    for (const topic of topics) await publish(t, gateway, topic, `for ${topic}`, '-q', qos);
    // A predefined topic is shown by its id.
    for (const topic of topics) await subscriber.waitFor(new RegExp(`: for ${topic}$`, 'm'));
    t.notRegex(subscriber.output, /error|invalid/i);
  });
}

test('the first message to every topic below a wildcard comes through, QoS 0', async (t) => {
  if (!installed(t, ...needed)) return;
  const gateway = await startGateway(t);
  const subscriber = await snSub(t, gateway, '-t', 'wide/#');
  const burst = new Running(t, 'mosquitto_pub', ['-h', '127.0.0.1', '-p', `${gateway.mqttPort}`, '-t', 'wide/a', '-l']);
  burst.end(Array.from({ length: 20 }, (_, index) => `a${index}\n`).join(''));
  await Promise.all(['b', 'c', 'd'].map((name) => publish(t, gateway, `wide/${name}`, `only ${name}`)));
  for (let index = 0; index < 20; index++) await subscriber.waitFor(`wide/a: a${index}\n`);
  for (const name of ['b', 'c', 'd']) await subscriber.waitFor(`wide/${name}: only ${name}\n`);
  t.pass();
});

test('a hundred lines of mqtt-sn-pub -l arrive in order, QoS 1', async (t) => {
  if (!installed(t, ...needed)) return;
  const gateway = await startGateway(t);
  const subscriber = await listen(t, gateway, 'log/lines');
  const lines = Array.from({ length: 100 }, (_, index) => `line ${index}`);
  const args = ['-h', '127.0.0.1', '-p', `${gateway.snPort}`, '-q', '1', '-t', 'log/lines', '-l'];
  const { code } = await run(t, 'mqtt-sn-pub', args, `${lines.join('\n')}\n`);
  t.is(code, 0);
  await subscriber.waitFor('line 99\n');
  const got = [...subscriber.output.matchAll(/^got log\/lines 1 0 (.*)$/gm)].map((match) => match[1]);
  t.deepEqual(got, lines);
});

test('retained, empty and large payloads', async (t) => {
  if (!installed(t, ...needed)) return;
  const gateway = await startGateway(t);
  await snPub(t, gateway, '-q', '1', '-r', '-t', 'kept/value', '-m', 'still here');
  const late = await listen(t, gateway, 'kept/#', 'odd/#');
  await late.waitFor('got kept/value 1 1 still here\n');
  await snPub(t, gateway, '-t', 'odd/empty', '-n');
  await late.waitFor('got odd/empty 0 0 \n');
  const large = 'x'.repeat(240);
  await snPub(t, gateway, '-t', 'odd/large', '-m', large);
  await late.waitFor(`got odd/large 0 0 ${large}\n`);
  await publish(t, gateway, 'odd/large', large, '-r');
  const device = await snSub(t, gateway, '-t', 'odd/large');
  await device.waitFor(`odd/large: ${large}\n`);
  t.pass();
});

test('QoS -1 without a connection: predefined and short topics', async (t) => {
  if (!installed(t, ...needed)) return;
  const gateway = await startGateway(t, { sn: ['mqtt.sn.enable_qos3 = on', ...predefined] });
  const subscriber = await listen(t, gateway, '#');
  await snPub(t, gateway, '-q', '-1', '-T', '7', '-m', 'without asking');
  await subscriber.waitFor(/got sensors\/seven \d 0 without asking\n/);
  await snPub(t, gateway, '-q', '-1', '-t', 'ef', '-m', 'nor waiting');
  await subscriber.waitFor(/got ef \d 0 nor waiting\n/);
  t.pass();
});

test('a session with clean off keeps its messages', async (t) => {
  if (!installed(t, ...needed)) return;
  const gateway = await startGateway(t);
  const args = ['-c', '-i', 'keeper', '-q', '1', '-t', 'mail/box'];
  const first = await snSub(t, gateway, ...args);
  await first.stop();
  await publish(t, gateway, 'mail/box', 'a letter', '-q', '1');
  const second = await snSub(t, gateway, ...args);
  await second.waitFor('mail/box: a letter\n');
  t.pass();
});

test('through a forwarder', async (t) => {
  if (!installed(t, ...needed)) return;
  const gateway = await startGateway(t, { sn: ['mqtt.sn.forwarder = any'] });
  const subscriber = await listen(t, gateway, 'far/#');
  await snPub(t, gateway, '--fe', '--wlnid', 'node1', '-q', '1', '-t', 'far/away', '-m', 'forwarded');
  await subscriber.waitFor('got far/away 1 0 forwarded\n');
  const device = await snSub(t, gateway, '--fe', '--wlnid', 'node2', '-t', 'far/back');
  await publish(t, gateway, 'far/back', 'and back');
  await device.waitFor('far/back: and back\n');
  t.pass();
});
